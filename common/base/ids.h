// The names of things: distinct types, so that a player id cannot be handed over as a session id. Plain values, any
// thread. 0 means "none" in all of them.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dure {

template <class Tag>
struct Id {
  std::uint64_t value = 0;
  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using AccountId = Id<struct AccountTag>;
using PlayerId = Id<struct PlayerTag>;    // a character: global, without shard or realm inside
using SessionId = Id<struct SessionTag>;  // outlives its socket
using ClientId = Id<struct ClientTag>;    // one socket: IO thread in the top byte, a counter below
using RunId = Id<struct RunTag>;          // a dungeon run, stable over resumes: reward keys hang on it
using CallId = Id<struct CallTag>;
using TraceId = Id<struct TraceTag>;
using EntityId = Id<struct EntityTag>;  // a thing standing in a zone or an instance; a player's equals its PlayerId

enum class Role : std::uint8_t {
  kNone = 0,
  kGateway = 1,
  kGeneral = 2,
  kDungeon = 3,
  kChat = 4,
  kDbagent = 5,
  kTool = 6
};
const char* to_text(Role);
// Also takes the aliases lobby and community. kNone: no such role.
Role role_from_text(std::string_view);

// A node is one role in one process: role and number. Written "gateway-1"; in the united server "all-1/general".
struct NodeId {
  std::uint32_t value = 0;
  constexpr NodeId() = default;
  constexpr explicit NodeId(std::uint32_t v) : value(v) {}
  constexpr NodeId(Role role, std::uint16_t number) : value(static_cast<std::uint32_t>(role) << 16 | number) {}
  constexpr Role role() const { return static_cast<Role>(value >> 16); }
  constexpr std::uint16_t number() const { return static_cast<std::uint16_t>(value); }
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
};
// "gateway-1"; "none".
std::string to_text(NodeId);
// "gateway-1", "lobby-2", "all-1/general" → the node; none if it is not a node's name.
NodeId node_from_text(std::string_view);

// How every 128-bit number is shown to people: 32 hex digits, leading zeros too.
std::string hex128(std::uint64_t high, std::uint64_t low);

// A random 128-bit number of one process start. Zero: none.
struct Incarnation {
  std::uint64_t high = 0, low = 0;
  constexpr explicit operator bool() const { return high != 0 || low != 0; }
  friend constexpr auto operator<=>(const Incarnation&, const Incarnation&) = default;
};
std::string to_text(const Incarnation&);

// Items are minted once and keep their 128-bit id for ever.
struct ItemId {
  std::uint64_t high = 0, low = 0;
  constexpr explicit operator bool() const { return high != 0 || low != 0; }
  friend constexpr auto operator<=>(const ItemId&, const ItemId&) = default;
};
std::string to_text(const ItemId&);
ItemId item_from_text(std::string_view);  // 32 hex digits, else none

// Finalizer of splitmix64 (Vigna, public domain reference): spreads ids over hash tables and rendezvous draws.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// In every hash of an unordered container. Builds differ in it, so that what hangs on an order that nobody promised
// shows as a difference between two builds that run the same simulation (tools/check).
#ifndef DURE_HASH_SEED
#define DURE_HASH_SEED 0
#endif
inline constexpr std::uint64_t kHashSeed = DURE_HASH_SEED;
// Of plain numbers.
struct NumberHash {
  std::size_t operator()(std::uint64_t number) const noexcept { return mix64(number ^ kHashSeed); }
};

}  // namespace dure

template <class Tag>
struct std::hash<dure::Id<Tag>> {
  std::size_t operator()(dure::Id<Tag> id) const noexcept { return dure::mix64(id.value ^ dure::kHashSeed); }
};
template <>
struct std::hash<dure::NodeId> {
  std::size_t operator()(dure::NodeId id) const noexcept { return dure::mix64(id.value ^ dure::kHashSeed); }
};
template <>
struct std::hash<dure::ItemId> {
  std::size_t operator()(const dure::ItemId& id) const noexcept {
    return dure::mix64(id.high ^ dure::mix64(id.low ^ dure::kHashSeed));
  }
};
