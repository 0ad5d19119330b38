// What all bots of a process share. Owned by the Crowd, outlives the bots. One thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/random.h"
#include "common/proto/routes.h"
#include "tools/bots/fair.h"
#include "tools/bots/frame_table.h"
#include "tools/bots/history.h"
#include "tools/bots/market.h"
#include "tools/bots/options.h"
#include "tools/bots/packs.h"
#include "tools/bots/post.h"
#include "tools/bots/raids.h"
#include "tools/bots/reactor.h"
#include "tools/bots/report.h"
#include "tools/bots/sightings.h"
#include "tools/bots/ticket.h"

namespace dure {

class Bot;
class ClientSession;

struct Shared {
  Shared(BotsOptions wanted, Reactor& with) : options(std::move(wanted)), reactor(with), rng(options.seed) {}
  BotsOptions options;
  Reactor& reactor;
  Report report;
  Sightings sightings{report.act_to_seen};
  Fair fair;
  Post post;
  Market market;
  Packs packs;
  Raids raids;
  History history;
  Rng rng;
  Routes routes;
  std::optional<TicketMint> tickets;
  FrameTable<ClientSession> session_frames;
  FrameTable<Bot> bot_frames;
  std::vector<std::string> names;  // characters in the world, to whisper to
  bool winding_down = false;       // habits rest, sessions say goodbye
  std::uint32_t logins_under_way = 0;

  Duration jitter(Duration about) {
    return about / 2 + Duration(static_cast<Duration::rep>(rng.unit() * static_cast<double>(about.count())));
  }
};

}  // namespace dure
