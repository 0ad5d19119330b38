// The bytes of one run, taken from the front: small numbers that choose, then text. Never reads past the end; what is
// missing is 0 or empty. Plain value.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dure::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  // 0 … bound - 1.
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : (byte() << 8 | byte()) % bound; }
  std::string_view take(std::size_t most) {
    const std::string_view piece = rest_.substr(0, most);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  std::string_view rest() { return take(rest_.size()); }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace dure::fuzz
