#include "tools/shards/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace dure {
namespace {
constexpr int kCells = 30;
constexpr std::chrono::seconds kLineInterval{10};
}  // namespace

ProgressBar::ProgressBar() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (shown_) std::printf("\n");
}

void ProgressBar::show(double part, const std::string& words) {
  const double whole = std::clamp(part, 0.0, 1.0);
  const int percent = static_cast<int>(whole * 100);
  if (!terminal_) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_line_ < kLineInterval) return;
    last_line_ = now;
    std::printf("%d %% %s\n", percent, words.c_str());
    std::fflush(stdout);
    return;
  }
  std::string cells(static_cast<std::size_t>(whole * kCells), '#');
  cells.resize(kCells, '.');
  std::printf("\r[%s] %3d %% %s\x1b[K", cells.c_str(), percent, words.c_str());
  std::fflush(stdout);
  shown_ = true;
}

}  // namespace dure
