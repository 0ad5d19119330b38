#include "tools/bots/stories/zone.h"

#include "common/proto/lobby.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr Duration kArriveWithin = seconds(15);

std::string zone_of(const std::string& place) { return place.substr(0, place.find('/')); }

}  // namespace

Duration ZoneHabit::act(Bot& bot) {
  if (!begun_) {
    begun_ = true;
    return bot.shared().jitter(about_);
  }
  if (!wanted_.empty()) {
    if (bot.now() - since_ < kArriveWithin) return milliseconds(500);
    bot.shared().report.story("zone", false);
    bot.shared().report.error("ZONE: never arrived in " + wanted_);
    wanted_.clear();
  }
  const auto& zones = bot.shared().options.zones;
  // Value requests that are under way would be answered by the old owner after the switch.
  if (bot.raiding || bot.in_instance() || bot.value_open() || zones.size() < 2) return milliseconds(200);
  std::string zone = zones[bot.shared().rng.below(zones.size())];
  if (zone == zone_of(bot.place())) zone = zone == zones.front() ? zones[1] : zones.front();
  proto::ChangeZoneRequest request;
  request.set_zone(zone);
  if (!bot.ask(request)) return milliseconds(500);
  wanted_ = zone;
  since_ = bot.now();
  return bot.shared().jitter(about_);
}

void ZoneHabit::on_change_zone(Bot&, const proto::ChangeZoneReply& reply) {
  if (reply.code() != proto::OK) wanted_.clear();
}

void ZoneHabit::on_place(Bot& bot) {
  if (wanted_.empty() || zone_of(bot.place()) != wanted_) return;
  bot.shared().report.story("zone", true);
  ++bot.shared().report.zone_changes;
  wanted_.clear();
}

}  // namespace dure
