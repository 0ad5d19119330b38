// Guilds as the players of a zone see them: found, invite, accept, leave, kick, rank, disband, deposit, withdraw, look.
// The rules are common/game/sample/guild.h; here a request becomes the player's own operation, and one general (by
// rendezvous) works through what reached a guild as soon as it hears of it. Every few seconds each general also looks
// into the guilds of its own players, so a word that was lost delays a request and no more. That two work on one guild
// at the same time does no harm.
#pragma once
#include <map>
#include <memory>
#include <set>

#include "common/game/sample/guild.h"
#include "lobby/lobby.h"

namespace dure::sample {

class GuildHall : public LobbyFeature {
 public:
  GuildHall(Lobby& lobby, const Items& items);

 private:
  // A guild that was asked for; kept while one of its people is here.
  struct Hall {
    Hall(Lobby& lobby, std::uint64_t guild) : clerk(lobby, guild) {}
    LedgerClerk clerk;
    bool opened = false, working = false, again = false;
    LedgerClerk::Book shown;
    MonoTime shown_at{};
    bool shown_once = false;
    std::weak_ptr<bool> reading;  // expired: nobody reads it; it ends with its reader, who may leave meanwhile
  };
  using HallRef = std::shared_ptr<Hall>;
  // What a founding makes stays for ever, and is made before the founder pays. So a player has one under way, and after
  // one that made something and came to nothing only the same name is tried again at once.
  struct Founding {
    std::string name;
    bool running = false;
    MonoTime until{};
  };

  Task<GuildFoundReply> found(PlayerRef ref, GuildFoundRequest request);
  // `made`: set once it makes what may come to nothing.
  Task<GuildFoundReply> found_it(PlayerRef ref, GuildFoundRequest request, OwnerNode::ValueRequest asked, bool* made);
  Task<GuildChangeReply> change(PlayerRef ref, GuildChangeRequest request);
  GuildDepositReply deposit(Player& player, const GuildDepositRequest& request);
  GuildWithdrawReply withdraw(Player& player, const GuildWithdrawRequest& request);
  Task<GuildReply> show(PlayerRef ref, GuildRequest request);

  // Fills in what only others know: whom a name names, whether an invitation is there.
  Task<proto::Code> complete(PlayerRef ref, GuildChangeRequest* request);
  proto::Code door(const Player& player) const;
  // To ask costs nothing, and the question and its answer are rows that stay: what the bank was shown without a moment
  // ago is not asked for.
  proto::Code was_there(std::uint64_t guild, const GuildWithdrawRequest& request) const;
  HallRef hall(std::uint64_t guild);
  // False: it is no guild, or nobody could say.
  Task<bool> enter(HallRef hall);
  void look(std::uint64_t guild);
  Task<void> work(HallRef hall);
  void make_rounds();

  Lobby& lobby_;
  const Items& items_;
  std::map<std::uint64_t, HallRef> halls_;
  std::map<std::uint64_t, Founding> foundings_;  // by player
  std::set<std::uint64_t> others_;               // aggregates that are no guilds
};

}  // namespace dure::sample
