// The tables of what the rogue owner asks for that an owner must be refused: of what it has and has done, a request
// that is forbidden as long as nobody else plays its characters. Adding a rule: a row here, and its mark is wanted of
// every batch. Plain functions, one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/proto/routes.h"
#include "tests/sim/rogue/own_character.h"
#include "tests/sim/rogue/owner_deed.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

struct Question {
  std::uint32_t message_id = 0;
  std::string body;
};
template <class Request>
Question question(const Request& request) {
  return {route_id(Request::descriptor()), request.SerializeAsString()};
}

// Numbers that nobody else draws: of characters, letters, items, reservations.
class OwnNumbers {
 public:
  std::uint64_t next() { return kFirst + ++used_; }
  proto::Uid uid() {
    proto::Uid uid;
    uid.set_high(kFirst);
    uid.set_low(next());
    return uid;
  }

 private:
  static constexpr std::uint64_t kFirst = (std::uint64_t{1} << 62) + (std::uint64_t{'o'} << 48);
  std::uint64_t used_ = 0;
};

// Of an honest character, when it was last granted. Claimed or not, they are not the rogue's.
struct Stranger {
  std::uint64_t player_id = 0;
  std::vector<std::uint64_t> letters;
};

struct Scene {
  const OwnCharacter& self;
  const OwnCharacter& other;
  const std::vector<Stranger>& strangers;
  std::uint64_t account_id = 0, hoard_id = 0;
  std::uint32_t shard = 0;
  std::uint32_t content = 0;  // active here; 0: this shard was never told
  OwnNumbers& numbers;
  proto::Uid incarnation;

  // By this content, unless it says one; under the next number of the present epoch.
  proto::ApplyRequest apply(proto::Operation operation) const;
  proto::Effect::DropKey fresh_key() const;
  // What this shard creates for a fresh key: it is content's to say how much, and of what.
  OwnerDeed loot() const { return OwnerDeed("loot").key(fresh_key()); }
  // To the other one; nothing in it.
  proto::Effect::Send letter(std::uint64_t to) const;
};

enum class Stage {
  kOwned,    // asked by who owns it
  kJudged,   // and by the rules of a content
  kSated,    // and when it has had all the gold that it may have in a day
  kNobodys,  // right after a REJECTED
  kMoved,    // asked of a shard that its account has left
};

struct OwnerTrick {
  const char* rule;
  Stage stage;
  std::set<int> allowed;
  std::function<std::optional<Question>(const Scene&, Rng&)> ask;  // nullopt: it fits not now
  bool operation = false;                                          // its own: REJECTED ends its epoch
  Leaves leaves = Leaves::kValue;
};

// An operation that an op guard refuses.
OwnerTrick refused(const char* rule, Stage stage, std::optional<OwnerDeed> (*deed)(const Scene&, Rng&),
                   std::set<int> allowed = {proto::REJECTED});
template <class Request>
OwnerTrick trick(const char* rule, Stage stage, std::set<int> allowed,
                 std::optional<Request> (*make)(const Scene&, Rng&), Leaves leaves = Leaves::kValue) {
  return {rule,
          stage,
          std::move(allowed),
          [make](const Scene& scene, Rng& rng) -> std::optional<Question> {
            const std::optional<Request> request = make(scene, rng);
            if (!request) return std::nullopt;
            return question(*request);
          },
          false,
          leaves};
}

template <class T>
const T* any_of(const std::vector<T>& all, Rng& rng) {
  return all.empty() ? nullptr : &all[rng.below(all.size())];
}
const proto::Item* any_item(const OwnThings& things, Rng& rng);
const proto::InboxEntry* any_letter(const OwnThings& things, Rng& rng);

std::vector<OwnerTrick> value_tricks();
std::vector<OwnerTrick> content_tricks();
std::vector<OwnerTrick> item_tricks();
std::vector<OwnerTrick> letter_tricks();
std::vector<OwnerTrick> delivery_tricks();
std::vector<OwnerTrick> ownership_tricks();
const std::vector<OwnerTrick>& owner_tricks();  // all

}  // namespace dure::sim
