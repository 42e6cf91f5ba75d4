// The longest match as one would write it down in C++: a std::unordered_map for each length.
// lookup PREFIXES ADDRESSES: prefixes as text, one a line; addresses as 32-bit words of the machine.
// Prints the sum of the matched lengths and the median of the lookups a second.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <unordered_map>
#include <vector>

static std::unordered_map<uint32_t, uint32_t> tables[33];
static std::vector<int> lengths;

static uint32_t mask(int length) { return length == 0 ? 0 : ~0u << (32 - length); }

static int longest_match(uint32_t address) {
  for (int length : lengths) {
    const auto found = tables[length].find(address & mask(length));
    if (found != tables[length].end()) return static_cast<int>(found->second);
  }
  return -1;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *prefixes = fopen(argv[1], "r");
  FILE *words = fopen(argv[2], "rb");
  if (!prefixes || !words) return 1;
  unsigned a, b, c, d, length;
  while (fscanf(prefixes, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &length) == 5)
    tables[length][a << 24 | b << 16 | c << 8 | d] = length;
  for (int l = 32; l >= 0; l--)
    if (!tables[l].empty()) lengths.push_back(l);
  std::vector<uint32_t> addresses;
  for (uint32_t word; fread(&word, sizeof word, 1, words) == 1;) addresses.push_back(word);
  std::vector<double> rates;
  long sum = 0;
  for (int run = 0; run < 3; run++) {
    sum = 0;
    const auto start = std::chrono::steady_clock::now();
    for (uint32_t address : addresses) sum += longest_match(address);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    rates.push_back(addresses.size() / taken.count());
  }
  std::sort(rates.begin(), rates.end());
  printf("%ld %.0f\n", sum, rates[rates.size() / 2]);
}
