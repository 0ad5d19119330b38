// FNV-1a, 64 bit (Fowler, Noll, Vo; offset basis and prime as published): request fingerprints, trace hashes and
// rendezvous keys. Not for anything an attacker may choose to collide.
#pragma once
#include <cstdint>
#include <string_view>

namespace dure {

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ull);

}  // namespace dure
