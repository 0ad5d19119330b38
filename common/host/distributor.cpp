#include "common/host/distributor.h"

#include "common/base/check.h"
#include "common/host/bus.h"
#include "common/host/io_thread.h"
#include "common/host/local_bus.h"
#include "common/host/redis_link.h"
#include "common/host/worker_pool.h"

namespace dure {

template <class T>
concept SpeaksOfPeer = requires(T t) {
  t.peer;
};
template <class T>
concept SpeaksOfClient = requires(T t) {
  t.client;
};

struct Distributor::To {
  Distributor& out;

  template <SpeaksOfPeer T>
  void operator()(T& effect) {
    if (!out.outlets_.local_bus->knows(effect.peer))
      out.bus_.emplace_back(std::move(effect));
    else
      local(effect);
  }
  void local(BusConnect& want) { out.outlets_.local_bus->connect(out.outlets_.node, want.peer); }
  void local(BusDisconnect& no_more) { out.outlets_.local_bus->disconnect(out.outlets_.node, no_more.peer); }
  void local(BusSend& send) { out.outlets_.local_bus->send(out.outlets_.node, send.peer, std::move(send.message)); }

  template <SpeaksOfClient T>
  void operator()(T& effect) {
    if (!effect.client) return to_every_io(effect);
    const std::size_t index = IoThread::index_of(effect.client);
    if (index < out.io_.size()) out.io_[index].emplace_back(std::move(effect));
  }
  void operator()(TopicFrame& effect) { to_every_io(effect); }
  template <class T>
  void to_every_io(const T& effect) {
    for (auto& commands : out.io_) commands.emplace_back(effect);
  }

  void operator()(Work& work) {
    CHECK(out.outlets_.workers != nullptr);
    out.outlets_.workers->submit(std::move(work));
  }
  void operator()(MonitorValues& values) {
    if (out.outlets_.redis != nullptr) out.outlets_.redis->monitor(std::move(values));
  }
  void operator()(GmAnswerOut& answer) {
    if (out.outlets_.redis != nullptr) out.outlets_.redis->answer(std::move(answer));
  }
  void operator()(Stopped&) {
    if (out.outlets_.on_stopped) out.outlets_.on_stopped();
  }
};

Distributor::Distributor(Outlets outlets) : outlets_(std::move(outlets)), io_(outlets_.io.size()) {}

void Distributor::taking(const std::vector<Inbound>& batch) {
  for (const auto& inbound : batch)
    if (const auto* down = std::get_if<BusDown>(&inbound); down != nullptr && !outlets_.local_bus->knows(down->peer))
      ++downs_seen_;
}

void Distributor::distribute(std::vector<Outbound>* effects) {
  To to{*this};
  for (auto& effect : *effects) std::visit(to, effect);
  effects->clear();
  if (!bus_.empty() && outlets_.bus != nullptr)
    outlets_.bus->submit(BusBatch{outlets_.node, downs_seen_, std::exchange(bus_, {})});
  for (std::size_t i = 0; i < io_.size(); ++i)
    if (!io_[i].empty()) outlets_.io[i]->submit(std::exchange(io_[i], {}));
}

}  // namespace dure
