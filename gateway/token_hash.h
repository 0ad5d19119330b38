// Only hashes of session tokens are stored: whoever reads the database cannot resume a session. Pure function.
#pragma once
#include <string>
#include <string_view>

namespace dure {

std::string token_hash(std::string_view token);  // BLAKE2b, 32 bytes

}  // namespace dure
