// Bytes that many may hold and nobody changes: a frame encoded once and queued for a thousand clients. The count is
// atomic, so a Bytes may be handed between threads.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dure {

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string owned) : data_(std::make_shared<const std::string>(std::move(owned))) {}
  const char* data() const { return data_ ? data_->data() : ""; }
  std::size_t size() const { return data_ ? data_->size() : 0; }
  bool empty() const { return size() == 0; }
  std::string_view view() const { return {data(), size()}; }
  // How many hold these bytes now (for memory accounting in tests).
  long holders() const { return data_.use_count(); }

 private:
  std::shared_ptr<const std::string> data_;
};

// Little-endian fixed-width fields, the only byte order on our wires.
template <class T>
T load_le(const char* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store_le(char* to, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(to, &value, sizeof value);
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire codecs copy little-endian integers");

}  // namespace dure
