#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {

proto::ApplyRequest Scene::apply(proto::Operation operation) const {
  proto::ApplyRequest request;
  request.set_shard(shard);
  request.set_player_id(self.id);
  request.set_epoch(self.epoch);
  *request.mutable_owner_incarnation() = incarnation;
  operation.set_pseq(self.saved + 1);
  if (operation.content_version() == 0) operation.set_content_version(content);
  *request.add_operations() = std::move(operation);
  return request;
}

proto::Effect::DropKey Scene::fresh_key() const {
  proto::Effect::DropKey key;
  key.set_source("rogue");
  key.set_run(numbers.next());
  key.set_number(1);
  return key;
}

proto::Effect::Send Scene::letter(std::uint64_t to) const {
  proto::Effect::Send letter;
  letter.set_message_id(numbers.next());
  letter.set_to_player(to);
  return letter;
}

OwnerTrick refused(const char* rule, Stage stage, std::optional<OwnerDeed> (*deed)(const Scene&, Rng&),
                   std::set<int> allowed) {
  const auto ask = [deed](const Scene& scene, Rng& rng) -> std::optional<Question> {
    std::optional<OwnerDeed> made = deed(scene, rng);
    if (!made) return std::nullopt;
    return question(scene.apply(made->take()));
  };
  return {rule, stage, std::move(allowed), ask, true, Leaves::kValue};
}

const proto::Item* any_item(const OwnThings& things, Rng& rng) {
  if (things.items.empty()) return nullptr;
  auto at = things.items.begin();
  std::advance(at, rng.below(things.items.size()));
  return &at->second;
}

const proto::InboxEntry* any_letter(const OwnThings& things, Rng& rng) {
  if (things.inbox.empty()) return nullptr;
  auto at = things.inbox.begin();
  std::advance(at, rng.below(things.inbox.size()));
  return &at->second;
}

const std::vector<OwnerTrick>& owner_tricks() {
  static const std::vector<OwnerTrick> all = [] {
    std::vector<OwnerTrick> tables;
    for (const auto& table :
         {value_tricks(), content_tricks(), item_tricks(), letter_tricks(), delivery_tricks(), ownership_tricks()})
      tables.insert(tables.end(), table.begin(), table.end());
    return tables;
  }();
  return all;
}

}  // namespace dure::sim
