// The gate of the dungeons: takes the entry fee when the match is made, and gives it back to whoever stands in a zone
// with a claim — its run could not start, or its dungeon died before the first wave was cleared. The rule, and why this
// is paid once, is common/game/sample/entry_fee.h. Logic thread only.
#pragma once
#include "common/game/sample/items.h"
#include "common/game/sample/run_content.h"
#include "lobby/lobby.h"

namespace dure::sample {

class DungeonGate : public LobbyFeature {
 public:
  DungeonGate(Lobby& lobby, const Items& items, const RunsContent& runs) : lobby_(lobby), items_(items), runs_(runs) {}
  void player_arrived(Player& player) override;
  std::uint32_t may_queue(const Player& player, const std::string& dungeon) override;
  std::uint32_t may_enter(Player& player, const std::string& dungeon, RunId run) override;

 private:
  void refund(Player& player);
  std::int64_t fee(const std::string& dungeon) const;

  Lobby& lobby_;
  const Items& items_;
  const RunsContent& runs_;
};

}  // namespace dure::sample
