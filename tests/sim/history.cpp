#include "tests/sim/history.h"

#include "common/proto/client_frame.h"
#include "common/proto/mesh_header.h"

namespace dure::sim {
namespace {

bool is_noise(const std::string& name) {
  for (const char* one : {"Ping", "Pong", "MoveTo", "CellChanged", "PositionsTick", "Heartbeat"})
    if (name == one) return true;
  return false;
}

const char* kind_of(MeshKind kind) {
  switch (kind) {
    case MeshKind::kRequest:
      return "asks";
    case MeshKind::kReply:
      return "answers";
    case MeshKind::kNotice:
      return "tells";
    default:
      return "";
  }
}

}  // namespace

History::History(const Routes& routes, std::FILE* out) : routes_(routes), out_(out) {
  std::fprintf(out_, "%14s  %-10s  %-7s  %s\n", "virtual s", "where", "what",
               "event (bus: who asks, answers or tells where; got, sent: the client's end of a gateway's socket)");
}

std::string History::name_of(std::uint32_t message_id) const {
  const RouteInfo* route = routes_.find(message_id);
  return route == nullptr ? "message " + std::to_string(message_id) : route->name;
}

void History::line(const Moment& moment, const std::string& text) {
  const Duration since = moment.at.time_since_epoch() - seconds(1000);
  std::fprintf(out_, "%14.6f  %-10s  %-7s  %s\n", static_cast<double>(to_us(since)) / 1e6,
               moment.node ? to_text(moment.node).c_str() : "-", moment.what, text.c_str());
}

void History::bus(const Moment& moment) {
  MeshHeader header;
  std::string_view body;
  if (!decode_mesh(moment.text, &header, &body)) return line(moment, "what nobody can read");
  const char* kind = kind_of(header.kind);
  if (*kind == 0) return;
  const std::string name = header.message_id == 0 ? "" : name_of(header.message_id);
  if (is_noise(name)) return;
  std::string text = to_text(header.from) + " " + kind + " " + name;
  if (header.call) text += " call " + std::to_string(header.call.value);
  if (header.player) text += " player " + std::to_string(header.player.value);
  if (header.player_epoch != 0) text += " epoch " + std::to_string(header.player_epoch);
  line(moment, text + " " + std::to_string(body.size()) + " bytes");
}

void History::frame(const Moment& moment) {
  const FrameCut cut = cut_frame(moment.text, kMeshBytesMax);
  const std::string name = name_of(cut.frame.message_id);
  if (!is_noise(name))
    line(moment, name + (cut.frame.seq != 0 ? " seq " + std::to_string(cut.frame.seq) : "") + " " +
                     std::to_string(cut.frame.body.size()) + " bytes");
}

void History::take(const Moment& moment) {
  const std::string_view what = moment.what;
  if (what == "bus")
    bus(moment);
  else if (what == "got" || what == "sent")
    frame(moment);
  else
    line(moment, std::string(moment.text));
}

}  // namespace dure::sim
