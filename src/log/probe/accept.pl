# Accepts TCP connections and writes a line for each: address, port and the port that was asked for,
# 0 if that is not known. Node cannot do it: it asks for the peer's address after accept(2), and there
# is none any more if the peer has reset the connection, as scanners do at once.
#
# perl -T accept.pl UID GID REDIRECT PORT... FD...
#   UID GID   whom to become once the ports are open; - to stay
#   REDIRECT  the port to which the firewall redirects; 0 if none
#   FD        a descriptor of a socket that listens, as fd:3
#
# It writes "listening" once it does, and at the end of stdin "accepted", with the number.
use strict;
use warnings;
use Errno qw(EAFNOSUPPORT EADDRNOTAVAIL EAGAIN ECONNABORTED EINTR EPROTO);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Socket qw(:DEFAULT inet_ntop pack_sockaddr_in6 unpack_sockaddr_in6 IPPROTO_IPV6 IPV6_V6ONLY);

# The kernel cuts it to net.core.somaxconn or kern.ipc.soacceptqueue.
use constant BACKLOG => 65_535;
# So many of one socket, then the others have their turn.
use constant MAX_AT_ONCE => 256;
# To see them as the client sent them, before NAT (linux/netfilter_ipv4.h, ip6_tables.h).
use constant SO_ORIGINAL_DST => 80;

# Whoever stops the reader may stop all of its group; what was accepted is still to be written.
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP);

my ($uid, $gid, $redirect, @names) = map { /^(-|(?:fd:)?\d+)$/ ? $1 : die "$_: not a number\n" } @ARGV;
my @sockets = map { /^fd:(\d+)$/ ? inherited($1) : opened($_) } @names;
become($uid, $gid) if $uid ne '-';
my $accepted = 0;
put("listening\n");
serve();
put("accepted $accepted\n");

sub opened {
    my ($port) = @_;
    my @opened;
    for my $family (AF_INET, AF_INET6) {
        my $is6 = $family == AF_INET6;
        if (!socket(my $socket, $family, SOCK_STREAM, 0)) {
            next if $is6 && $!{EAFNOSUPPORT};
            die "$port: $!\n";
        }
        else {
            setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
            setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $is6;
            my $any = $is6 ? pack_sockaddr_in6($port, "\0" x 16) : pack_sockaddr_in($port, INADDR_ANY);
            if (!bind($socket, $any)) {
                next if $is6 && $!{EADDRNOTAVAIL};
                die "port $port: $!\n";
            }
            listen($socket, BACKLOG) or die "port $port: $!\n";
            push @opened, nonblocking($socket);
        }
    }
    return @opened;
}

sub inherited {
    my ($fd) = @_;
    open(my $socket, '+<&=', $fd) or die "descriptor $fd: $!\n";
    my $listens = getsockopt $socket, SOL_SOCKET, SO_ACCEPTCONN;
    my $name = getsockname $socket;
    my $family = $name ? sockaddr_family($name) : AF_UNSPEC;
    die "descriptor $fd: not a TCP socket that listens\n"
        if ($family != AF_INET && $family != AF_INET6) || !$listens || !unpack 'i', $listens;
    return nonblocking($socket);
}

sub nonblocking {
    my ($socket) = @_;
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK) or die "$!\n";
    return $socket;
}

sub become {
    my ($to, $group) = @_;
    $) = "$group $group";
    POSIX::setgid($group);
    POSIX::setuid($to);
    die "root privileges could not be dropped\n"
        if $< != $to || $> != $to || $( != $group || POSIX::setuid(0);
}

sub serve {
    my $wanted = '';
    vec($wanted, fileno $_, 1) = 1 for \*STDIN, @sockets;
    while (1) {
        next if select(my $ready = $wanted, undef, undef, undef) < 0;
        my $lines = join '', map { vec($ready, fileno $_, 1) ? taken($_) : '' } @sockets;
        put($lines);
        return if vec($ready, fileno STDIN, 1) && !sysread STDIN, my $byte, 1;
    }
}

sub taken {
    my ($socket) = @_;
    my $lines = '';
    for (1 .. MAX_AT_ONCE) {
        $! = 0;
        my $peer = accept(my $client, $socket);
        if (!$peer) {
            # Some systems return a connection that was reset, without an address.
            next if !$! || $!{ECONNABORTED} || $!{EINTR} || $!{EPROTO};
            # Without memory or descriptors, it waits a little.
            select undef, undef, undef, 0.1 if !$!{EAGAIN};
            last;
        }
        $accepted++;
        my ($port, $address) =
            sockaddr_family($peer) == AF_INET6 ? unpack_sockaddr_in6($peer) : unpack_sockaddr_in($peer);
        my $text = inet_ntop(sockaddr_family($peer), $address);
        $lines .= "$text $port " . wanted_port($client) . "\n";
        # Closed with a reset, nothing of it stays in the kernel.
        setsockopt $client, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        close $client;
    }
    return $lines;
}

# Linux tells what was redirected; with divert-to and TPROXY it is the address of the socket itself.
sub wanted_port {
    my ($client) = @_;
    for my $level ($^O eq 'linux' ? (0, IPPROTO_IPV6) : ()) {
        my $address = getsockopt $client, $level, SO_ORIGINAL_DST;
        return unpack 'x2 n', $address if defined $address && length $address >= 4;
    }
    my $address = getsockname $client;
    my $port = defined $address ? unpack('x2 n', $address) : 0;
    return $port == $redirect ? 0 : $port;
}

# Waits while the reader is busy: meanwhile connections wait in the kernel's queue.
sub put {
    my ($text) = @_;
    while (length $text) {
        my $written = syswrite STDOUT, $text;
        exit 1 if !defined $written && !$!{EINTR};
        substr $text, 0, $written, '' if defined $written;
    }
}
