#include "tools/launcher/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace dure {

Screen::Screen() : terminal_(isatty(STDOUT_FILENO) == 1) {}

void Screen::wipe() {
  if (rows_ > 0) std::printf("\x1b[%dA\x1b[J", rows_);
  rows_ = 0;
}

// A line that wraps would be two rows to wipe.
std::string Screen::fitting(const std::string& text) const {
  winsize size{};
  if (!terminal_ || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return text;
  std::string fit;
  unsigned column = 0;
  for (const char c : text) {
    if (c == '\n')
      column = 0;
    else if ((c & 0xc0) != 0x80)
      ++column;  // a code point begins
    if (column <= size.ws_col) fit += c;
  }
  return fit;
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
  std::fputs(fitting(text).c_str(), stdout);
  std::fflush(stdout);
  if (terminal_) rows_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace dure
