// The tables of what a forger asks: each rule makes, of a request that was answered STORED, one that no system may
// accept in whatever state it is. What a lawful system may accept is no rule: words about other shards that it must
// trust (fates and verdicts that are still open), the next number of an owner's true identity, a takeover of the
// present epoch, gifts, absolute writes. Adding a rule: a row here, and its mark is wanted of every batch.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/proto/routes.h"
#include "tests/sim/rogue/known.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

enum class When {
  kAnyTime,  // wrong for ever
  kBehind,   // wrong only as long as nothing else happens: right behind what it is made of
  kAhead,    // wrong for ever, but it says something only before what it is made of is done
};

// The rogue's own numbers: nobody else draws that high ones.
inline constexpr std::uint64_t kRogue = std::uint64_t{1} << 62;
inline std::uint64_t own_number(Rng& rng) { return kRogue + 1 + rng.below(1'000'000'000); }

struct Forgery {
  const char* rule;
  When when;
  std::uint32_t made_of;  // message id
  std::uint32_t message_id;
  std::set<int> allowed;
  std::function<std::optional<std::string>(const Exchange&, const Known&, Rng&)> forge;
  std::string (*stays)(const Exchange&);  // nullptr: nothing is said of it
  // Whose value must stay as it is, whatever else the store may have begun and taken back; nullptr: nothing may change.
  std::vector<std::uint64_t> (*players)(const std::string& forged) = nullptr;
};

// `forge` gets what it is made of, and the answer to that (empty: kAhead); nullopt: it fits not.
template <class Request, class Reply, class Forged = Request>
Forgery forgery(const char* rule, When when, std::set<int> allowed,
                std::optional<Forged> (*forge)(Request, const Reply&, const Known&, Rng&),
                std::string (*stays)(const Exchange&) = nullptr) {
  const auto make = [forge](const Exchange& exchange, const Known& known, Rng& rng) -> std::optional<std::string> {
    Request request;
    Reply reply;
    if (!request.ParseFromString(exchange.asked) || !reply.ParseFromString(exchange.answered)) return std::nullopt;
    const std::optional<Forged> forged = forge(std::move(request), reply, known, rng);
    if (!forged) return std::nullopt;
    return forged->SerializeAsString();
  };
  return {rule, when, route_id(Request::descriptor()), route_id(Forged::descriptor()), std::move(allowed), make, stays};
}

std::vector<Forgery> owner_forgeries();
std::vector<Forgery> shard_forgeries();
std::vector<Forgery> absent_forgeries();
std::vector<Forgery> trade_forgeries();
std::vector<Forgery> move_forgeries();
std::vector<Forgery> register_forgeries();  // of moves
std::vector<Forgery> directory_forgeries();

}  // namespace dure::sim
