// A node that asks an agent as owners do, and measures how long it takes until it is told. Lives with its agent in one
// process, on a logic thread of its own; between start and end nothing else touches it.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "common/base/histogram.h"
#include "common/logic/node.h"
#include "tests/bench/world.h"

namespace dure::proto {
class LegOutcome;
class TradeNotice;
}  // namespace dure::proto

namespace dure::bench {

// What is asked, for how long.
struct Load {
  enum class What { kOperations, kTrades, kTradesAcross };
  What what = What::kOperations;
  std::uint32_t rate = 0;       // a second; 0: the next as soon as one is answered
  std::uint32_t at_once = 256;  // that are under way, if there is no rate
  std::uint32_t logins = 0;     // in the middle, all at once
  Duration warm_up = milliseconds(500), measured = seconds(4);
};

struct Answers {
  Histogram saved;                                  // from handing over to being told; of trades: until both sides were
  Histogram logins;                                 // from asking to being granted
  std::uint64_t done = 0, late = 0, logged_in = 0;  // late: wanted while too many were under way
  double wall_s = 0, agent_cpu_s = 0;               // while measured; the processor time without the asker's own
};

class Asker : public Node {
 public:
  Asker(const World& world, const Load& load, const Routes& routes, Seams seams, std::function<void()> ended);
  const Answers& answered() const { return answered_; }

 protected:
  void on_start() override;
  void on_turn_end() override;

 private:
  struct Player {
    std::uint64_t id = 0;
    std::uint32_t shard = 0;
    std::uint64_t number = 1;
    std::uint32_t items = 0;  // given away
    bool busy = false;
  };
  struct Trade {
    MonoTime began;
    Player* sides[2] = {};
    bool done[2] = {};
  };
  void begin();
  void middle();
  void end();
  void ask_as_many_as_due();
  void ask_next();
  Player* next_free(std::uint32_t shard);
  Task<void> save(Player* player);
  Task<void> log_in(std::uint64_t player, std::uint32_t shard);
  void start_trade();
  Task<void> send_leg(Player* player, std::shared_ptr<proto::ApplyRequest> request);
  void heard(const proto::LegOutcome& outcome, std::uint64_t player);
  void notice(const From& from, const proto::TradeNotice& notice);
  void count(MonoTime began);
  bool measuring() const;

  const World& world_;
  const Load load_;
  std::function<void()> ended_;
  Answers answered_;
  std::map<std::uint32_t, std::vector<Player>> players_;  // those that act; the others log in
  std::map<std::uint32_t, std::size_t> turn_of_;
  std::map<std::uint64_t, Trade> trades_;
  std::uint64_t trade_number_ = 0, asked_ = 0, under_way_ = 0;
  bool connected_ = false, ended_already_ = false;
  MonoTime began_{};
  double cpu_at_ = 0, own_cpu_at_ = 0;
};

}  // namespace dure::bench
