// Stands between bots and a gateway and lies to chosen accounts, each in one way, so that a test can show that the bots
// notice exactly that. Everything else passes unchanged. Driven by a reactor, one thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/proto/client_frame.h"
#include "tools/bots/reactor.h"

namespace dure {

class AlteringProxy : private Reactor::Reader {
 public:
  AlteringProxy(Reactor& reactor, std::string gateway);
  ~AlteringProxy() override;
  std::string address() const;

  std::string alter_item_of;    // account: from its second PlayerState with an item on, that item has another template
  std::string swap_lines_of;    // account: one line of a channel comes after the next one
  std::string replay_epoch_of;  // account: after a switch the PlayerState of the epoch before comes once more
  // Which of the lies have been told.
  bool altered = false, swapped = false, replayed = false;

 private:
  struct Side : Reactor::Reader {
    void on_ready(std::uint32_t epoll_events) override { proxy->ready(*this, epoll_events); }
    AlteringProxy* proxy = nullptr;
    Side* other = nullptr;
    bool to_gateway = false;
    int fd = -1;
    std::string in, out;
    // Kept at the gateway's side:
    std::string account;
    std::map<std::string, std::uint32_t> lines_seen;  // by channel and place
    std::string held_line, held_channel, old_state;
    std::uint64_t epoch = 0;
    std::uint64_t item_high = 0, item_low = 0;
    bool item_chosen = false;
  };
  void on_ready(std::uint32_t) override;
  void ready(Side& side, std::uint32_t epoll_events);
  void pass(Side& from);
  void client_frame(Side& from, const ClientFrame& frame);
  // What the client gets instead of this frame.
  std::string answer(Side& gateway, const ClientFrame& frame, std::string_view whole);
  std::string lie_about_state(Side& gateway, const ClientFrame& frame, std::string_view whole);
  std::string lie_about_line(Side& gateway, const ClientFrame& frame, std::string_view whole);
  void flush(Side& side);
  void close(Side& side);

  Reactor& reactor_;
  std::string gateway_;
  int listener_ = -1;
  std::vector<std::unique_ptr<Side>> sides_;  // closed ones stay until the end: the reactor may hold them in a round
};

}  // namespace dure
