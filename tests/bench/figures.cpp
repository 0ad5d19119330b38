#include "tests/bench/figures.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace dure::bench {
namespace {

double clock_s(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

Taken& Taken::operator+=(const Taken& other) {
  wall_s = std::max(wall_s, other.wall_s);
  cpu_s += other.cpu_s;
  return *this;
}

Stopwatch::Stopwatch() : wall_(clock_s(CLOCK_MONOTONIC)), cpu_(clock_s(CLOCK_THREAD_CPUTIME_ID)) {}

Taken Stopwatch::taken() const { return {clock_s(CLOCK_MONOTONIC) - wall_, clock_s(CLOCK_THREAD_CPUTIME_ID) - cpu_}; }

double process_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string number(double value) {
  char text[64];
  if (std::fabs(value) < 10) {
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
  }
  std::snprintf(text, sizeof text, "%.0f", value);
  std::string digits;
  for (const char* at = text; *at != 0; ++at) {
    const std::size_t left = std::char_traits<char>::length(at);
    if (at != text && left % 3 == 0 && at[-1] != '-') digits += ',';
    digits += *at;
  }
  return digits;
}

void Table::row(const std::string& what, const std::string& figure, const std::string& wanted, int holds,
                const std::string& note) {
  rows_.push_back({what, figure, wanted, holds < 0 ? "" : holds > 0 ? "yes" : "NO", note});
  std::fprintf(stderr, "  %s: %s (%s)\n", what.c_str(), figure.c_str(), note.c_str());
}

void Table::print() const {
  std::size_t what = 4, figure = 6, wanted = 6;
  for (const Row& row : rows_) {
    what = std::max(what, row.what.size());
    figure = std::max(figure, row.figure.size());
    wanted = std::max(wanted, row.wanted.size());
  }
  const auto line = [&](const Row& row) {
    std::printf("%-*s  %-*s  %-*s  %-3s  %s\n", static_cast<int>(what), row.what.c_str(), static_cast<int>(figure),
                row.figure.c_str(), static_cast<int>(wanted), row.wanted.c_str(), row.verdict.c_str(),
                row.note.c_str());
  };
  line({"what", "figure", "wanted", "met", "note"});
  for (const Row& row : rows_) line(row);
}

}  // namespace dure::bench
