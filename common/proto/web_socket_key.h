// The proof that a server has read a WebSocket's opening request (RFC 6455, 4.2.2). Pure functions, any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dure {

// SHA-1 (RFC 3174). The WebSocket wants it, to no secret's protection; nothing else here may.
std::array<std::uint8_t, 20> sha1(std::string_view bytes);
// Whether this is a Sec-WebSocket-Key: 16 bytes in base64.
bool is_web_socket_key(std::string_view key);
// The Sec-WebSocket-Accept to it.
std::string web_socket_accept(std::string_view key);
// 16 bytes in base64.
std::string web_socket_key(std::string_view sixteen_bytes);

}  // namespace dure
