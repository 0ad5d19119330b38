// A gateway, owner and chat in one object for tests of the bots: honest by itself, and on request it lies in exactly
// one way. Driven by the same reactor as the bots. Everybody stands in one place and sees everybody.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/proto/client_frame.h"
#include "common/proto/routes.h"
#include "tools/bots/reactor.h"

namespace dure {

class FakeGateway : private Reactor::Reader {
 public:
  explicit FakeGateway(Reactor& reactor);
  ~FakeGateway() override;
  std::string address() const;

  // Everybody gets a new epoch, RouteNotice and PlayerState; with a reason, as one whom a fault brought here.
  void move_everybody(const std::string& returned_because = {});
  void drop(std::uint64_t player);
  // With a word why.
  void send_away(std::uint64_t player);

  // What those who resumed said that they had received of their sessions, and what they had been sent.
  std::uint64_t resumed_with = 0, resumed_sent = 0;

  std::uint64_t swap_lines_of = 0;    // the player whose lines 12 and 13 come in the wrong order
  std::uint64_t alter_item_of = 0;    // whose item is another one in the next PlayerState
  std::uint64_t replay_epoch_of = 0;  // who gets a SavedNotice of the old epoch after the next switch
  std::uint64_t steal_gold_of = 0;    // whose next bill is one gold too high

 private:
  struct Player {
    std::uint64_t id = 0, epoch = 1, last_creq = 0;
    std::string name;
    std::int32_t x_cm = 5000, y_cm = 5000;
    std::map<std::string, std::int64_t> balances{{"gold", 500}, {"potion", 3}};
    std::uint64_t reliable_sent = 0;  // in its session
  };
  struct Client : Reactor::Reader {
    Client(FakeGateway& owner, int socket) : gateway(owner), fd(socket) {}
    void on_ready(std::uint32_t) override { gateway.read(*this); }
    FakeGateway& gateway;
    int fd;
    std::string in, held_line;
    Player* player = nullptr;
    bool in_world = false;
  };
  void on_ready(std::uint32_t) override;
  void read(Client& client);
  void take(Client& client, const ClientFrame& frame);
  void enter(Client& client);
  void tell_state(Client& client, const std::string& returned_because = {});
  void say(Client& client, const ClientFrame& frame);
  void trade(Client& client, const ClientFrame& frame);
  void close(Client& client);
  template <class Message>
  void tell(Client& client, const Message& message, std::uint32_t seq = 0);
  void write(Client& client, const std::string& bytes);
  bool counted(std::uint32_t message_id) const;

  const Routes routes_;
  Reactor& reactor_;
  int listener_ = -1;
  std::map<int, std::unique_ptr<Client>> clients_;
  std::map<std::string, Player> players_;  // by account
  std::map<std::uint64_t, std::string> sessions_;
  std::uint64_t next_line_[2] = {10, 10};
  std::vector<std::unique_ptr<Client>> closed_;
};

}  // namespace dure
