#include "common/host/ready.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace dure {

void notify_ready() {
  const char* text = std::getenv("DURE_READY_FD");
  if (text == nullptr) return;
  const std::string_view digits(text);
  int fd = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  unsetenv("DURE_READY_FD");
  if (error != std::errc() || end != digits.data() + digits.size() || fd < 0) return;
  [[maybe_unused]] const auto n = write(fd, "ready\n", 6);
  if (fd > 2) close(fd);
}

}  // namespace dure
