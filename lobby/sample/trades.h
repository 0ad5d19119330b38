// Trades in a zone: common/game/sample/trade_tables.h. Who trades does not queue for a dungeon.
#pragma once
#include "common/game/sample/trade_tables.h"
#include "lobby/lobby.h"

namespace dure::sample {

class Trades : public LobbyFeature {
 public:
  Trades(Lobby& lobby, const Items& items) : tables_(lobby, items) {}
  void player_left(Player& player) override { tables_.player_left(player); }
  std::uint32_t may_queue(const Player& player, const std::string&) override {
    return tables_.trades(player.id) ? proto::BUSY : proto::OK;
  }

 private:
  TradeTables tables_;
};

}  // namespace dure::sample
