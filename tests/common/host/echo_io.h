// A ClientIo that answers with what it hears; "big" with 8 MiB, "bye" with a farewell and a close. A frame event for
// each piece of bytes; FrameCredit lets it read on. "hold" stops the thread that reads until let_go().
#pragma once
#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>
#include <map>
#include <string>

#include "common/logic/client_io.h"

namespace dure {

inline constexpr std::size_t kBigBytes = 8u << 20;

class EchoIo : public ClientIo {
 public:
  bool opened(ClientId client, std::string_view address, MonoTime) override {
    clients_[client];
    events_.push_back(ClientOpened{client, std::string(address)});
    return true;
  }
  void received(ClientId client, std::string_view bytes, MonoTime) override {
    State& state = clients_.at(client);
    events_.push_back(ClientFrameIn{client, 1, ++state.seq, std::string(bytes)});
    if (--state.credit == 0) touched_.push_back(client);
    if (bytes == "bye") state.closing = true;
    if (bytes == "hold") held_.get_future().wait();
    heard_ += bytes.size();
    state.out += bytes == "big" ? std::string(kBigBytes, 'b') : std::string(bytes);
    touched_.push_back(client);
  }
  void closed(ClientId client, MonoTime) override {
    clients_.erase(client);
    events_.push_back(ClientClosed{client, "closed"});
  }
  void command(const Outbound& command, MonoTime) override {
    if (const auto* credit = std::get_if<FrameCredit>(&command))
      if (const auto at = clients_.find(credit->client); at != clients_.end()) {
        at->second.credit += static_cast<int>(credit->frames);
        touched_.push_back(credit->client);
      }
  }
  void tick(MonoTime) override {
    ++ticks_;
    heard_at_last_tick_ = heard_.load();
  }
  bool reads(ClientId client) const override { return clients_.at(client).credit > 0; }
  void gather(ClientId client, std::size_t most, std::vector<std::string_view>* pieces) override {
    std::string_view rest(clients_.at(client).out);
    for (; !rest.empty() && most > 0; --most) {
      pieces->push_back(rest.substr(0, 1000));
      rest.remove_prefix(pieces->back().size());
    }
  }
  void wrote(ClientId client, std::size_t bytes, MonoTime) override { clients_.at(client).out.erase(0, bytes); }
  bool closing(ClientId client) const override { return clients_.at(client).closing; }
  void take_touched(std::vector<ClientId>* touched, MonoTime) override {
    touched->swap(touched_);
    touched_.clear();
  }
  // Any thread.
  void let_go() { held_.set_value(); }
  int ticks() const { return ticks_; }
  std::size_t heard_at_last_tick() const { return heard_at_last_tick_; }
  void take_events(std::vector<Inbound>* events) override {
    std::move(events_.begin(), events_.end(), std::back_inserter(*events));
    events_.clear();
  }

 private:
  struct State {
    std::string out;
    std::uint32_t seq = 0;
    int credit = 4;
    bool closing = false;
  };
  std::map<ClientId, State> clients_;
  std::vector<ClientId> touched_;
  std::vector<Inbound> events_;
  std::promise<void> held_;
  std::atomic<int> ticks_{0};
  std::atomic<std::size_t> heard_{0}, heard_at_last_tick_{0};
};

}  // namespace dure
