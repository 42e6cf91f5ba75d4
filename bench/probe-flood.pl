# The client of bench/probe.mjs: perl probe-flood.pl HOST SECONDS ADDRESSES PROCESSES
# Connects from 5.149.x.y to one port after the other, and closes at once. Prints how many it made, and the
# seconds of CPU that it took.
use strict;
use warnings;
use Socket;

my ($host, $seconds, $addresses, $processes) = @ARGV;
my $end = time + $seconds;
my @pipes = map { started($_) } 0 .. $processes - 1;
my $made = 0;
for my $pipe (@pipes) { $made += <$pipe> }
1 while wait > 0;
my (undef, undef, $user, $system) = times;
print "$made ", $user + $system, "\n";

sub started {
    my ($process) = @_;
    pipe my $reader, my $writer or die $!;
    my $child = fork // die $!;
    return $reader if $child;
    my $count = 0;
    for (my $index = $process; time < $end; $index += $processes) {
        my $source = inet_aton('5.149.' . ($index % $addresses) . '.' . (1 + $process));
        socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
        bind $socket, pack_sockaddr_in(0, $source) or die $!;
        my $port = 1024 + int($index / $addresses) % 40_000;
        $count++ if connect $socket, pack_sockaddr_in($port, inet_aton($host));
        close $socket;
    }
    print $writer "$count\n";
    exit;
}
