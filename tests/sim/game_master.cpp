#include "tests/sim/game_master.h"

#include "common/base/hash.h"
#include "common/proto/cluster.pb.h"

namespace dure::sim {
namespace {
constexpr Duration kBetweenGifts = milliseconds(900), kPatience = milliseconds(600);
constexpr int kTriesMost = 40;
}  // namespace

void GameMaster::start(std::vector<std::string> names) {
  names_ = std::move(names);
  redis_.on_answer = [this](const Bytes& answer) { heard(answer); };
  if (!names_.empty()) give_next();
}

void GameMaster::give_next() {
  if (quiet_) return;
  const std::uint64_t id = next_id_++;
  gifts_[id].name = names_[id % names_.size()];
  send(id);
  cluster_.scheduler().after(kBetweenGifts, fnv1a("gift"), [this] { give_next(); });
}

void GameMaster::send(std::uint64_t id) {
  Gift& gift = gifts_[id];
  if (gift.fate != Fate::kUnknown || ++gift.tries > kTriesMost) return;
  proto::GmCommand command;
  command.set_id(id);
  command.set_issuer("gm");
  command.set_cluster_id("dure");
  command.set_not_after_unix_ms(INT64_MAX);
  command.set_verb("give");
  for (const std::string& word : {gift.name, std::string(kGift), std::string("1")}) command.add_arguments(word);
  redis_.publish(command.SerializeAsString());
  cluster_.scheduler().after(kPatience, fnv1a("gift again", id), [this, id] { send(id); });
}

void GameMaster::heard(const Bytes& bytes) {
  proto::GmAnswer answer;
  const auto view = bytes.view();
  if (!answer.ParseFromArray(view.data(), static_cast<int>(view.size()))) return;
  const auto at = gifts_.find(answer.id());
  if (at == gifts_.end() || at->second.fate == Fate::kGiven) return;
  at->second.fate = answer.ok() ? Fate::kGiven : Fate::kRefused;
}

void GameMaster::went_back(const std::set<std::string>& names) {
  for (auto& [id, gift] : gifts_) gift.undone = gift.undone || names.contains(gift.name);
}

std::map<std::string, GameMaster::Gifts> GameMaster::gifts() const {
  std::map<std::string, Gifts> all;
  for (const auto& [id, gift] : gifts_) {
    Gifts& of = all[gift.name];
    // A repeat may have been heard after its refusal, by a life that knows nothing of that.
    const bool refused = gift.fate == Fate::kRefused && gift.tries == 1;
    const bool given = gift.fate == Fate::kGiven && !gift.undone;
    (given ? of.given : refused ? of.refused : of.unknown) += 1;
  }
  return all;
}

}  // namespace dure::sim
