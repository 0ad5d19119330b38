#include "tools/shards/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace dure {
namespace {
constexpr int kCells = 30;
}

ProgressBar::ProgressBar() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (shown_) std::printf("\n");
}

void ProgressBar::show(double part, const std::string& words) {
  if (!terminal_) return;
  const double whole = std::clamp(part, 0.0, 1.0);
  std::string cells(static_cast<std::size_t>(whole * kCells), '#');
  cells.resize(kCells, '.');
  std::printf("\r[%s] %3d %% %s\x1b[K", cells.c_str(), static_cast<int>(whole * 100), words.c_str());
  std::fflush(stdout);
  shown_ = true;
}

}  // namespace dure
