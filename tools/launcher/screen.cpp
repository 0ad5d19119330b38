#include "tools/launcher/screen.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace dure {

Screen::Screen() : terminal_(isatty(STDOUT_FILENO) == 1) {}

void Screen::wipe() {
  if (rows_ > 0) std::printf("\x1b[%dA\x1b[J", rows_);
  rows_ = 0;
}

void Screen::line(const std::string& text) {
  wipe();
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void Screen::table(const std::string& text, MonoTime now) {
  if (!terminal_ && drawn_ != MonoTime::min() && now - drawn_ < seconds(5)) return;
  drawn_ = now;
  wipe();
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  if (terminal_) rows_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace dure
