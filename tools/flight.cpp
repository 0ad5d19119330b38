#include "tools/flight.h"

#include <cstdio>
#include <vector>

#include "common/host/flight_recorder.h"
#include "common/proto/mesh_header.h"

namespace dure {
namespace {

// One line about an input.
class Line {
 public:
  explicit Line(const Routes& routes) : routes_(routes) {}
  std::string operator()(const ClientOpened& in) const { return client(in.client) + " opened, " + in.address; }
  std::string operator()(const ClientClosed& in) const { return client(in.client) + " closed: " + in.reason; }
  std::string operator()(const ClientFrameIn& in) const {
    return client(in.client) + " " + message(in.message_id) + " seq " + std::to_string(in.seq) + size(in.body.size());
  }
  std::string operator()(const BusUp& in) const { return to_text(in.peer) + " connected"; }
  std::string operator()(const BusDown& in) const { return to_text(in.peer) + " disconnected"; }
  std::string operator()(const BusMessage& in) const {
    MeshHeader header;
    std::string_view body;
    if (!decode_mesh(in.message.view(), &header, &body)) return "a message that is none" + size(in.message.size());
    std::string text = to_text(header.from) + " " + message(header.message_id);
    if (header.kind == MeshKind::kReply || header.kind == MeshKind::kFailure)
      text = to_text(header.from) + (header.kind == MeshKind::kReply ? " answers" : " fails");
    if (header.call) text += " call " + std::to_string(header.call.value);
    if (header.kind == MeshKind::kFromClient) text += " seq " + std::to_string(header.client_seq);
    if (header.session) text += " session " + std::to_string(header.session.value);
    if (header.player) text += " player " + std::to_string(header.player.value);
    if (header.player_epoch != 0) text += " epoch " + std::to_string(header.player_epoch);
    return text + size(body.size());
  }
  std::string operator()(const WorkDone& in) const {
    return "work " + std::to_string(in.work_id) + " done" + size(in.reply.size());
  }
  std::string operator()(const PeerFound& in) const { return "found " + in.name + " at " + in.address; }
  std::string operator()(const GmCommandIn& in) const { return "a game master's command" + size(in.command.size()); }
  std::string operator()(const StopRequested& in) const { return in.at_once ? "stop at once" : "stop"; }
  std::string operator()(const SessionTaken& in) const {
    return "session " + std::to_string(in.session.value) + " taken";
  }
  std::string operator()(const TopicGapped& in) const { return "a topic of " + client(in.client) + " has gaps"; }
  std::string operator()(const ClientFigures&) const { return "figures of an IO thread"; }

 private:
  static std::string client(ClientId id) { return "client " + std::to_string(id.value); }
  static std::string size(std::size_t bytes) { return ", " + std::to_string(bytes) + " bytes"; }
  std::string message(std::uint32_t id) const {
    const RouteInfo* route = routes_.find(id);
    return route == nullptr ? "message " + std::to_string(id) : route->name;
  }
  const Routes& routes_;
};

}  // namespace

int print_flight(const std::string& path, const Routes& routes, std::size_t lines) {
  const auto flight = read_flight(path);
  const auto complain = [](const std::string& why) {
    std::fprintf(stderr, "dure flight: %s\n", why.c_str());
    return 1;
  };
  if (!flight) return complain(flight.error().detail);
  auto reader = JournalReader::open(flight->journal);
  if (!reader) return complain(path + ": " + reader.error().detail);
  std::vector<std::pair<MonoTime, std::string>> said;
  const Line line(routes);
  bool inside = false;
  for (;;) {
    const auto record = reader->next();
    if (!record) return complain(path + ": " + record.error().detail);
    if (!*record) break;
    if (std::holds_alternative<JournalTurnEnd>(**record)) inside = false;
    if (const auto* turn = std::get_if<JournalTurn>(&**record)) {
      inside = true;
      for (const Inbound& input : turn->inputs) said.emplace_back(turn->now, std::visit(line, input));
    }
  }
  std::printf("%s: the last %zu inputs; %s\n", flight->node.c_str(), said.size(),
              flight->closed ? "it ended in order"
              : inside       ? "it ended inside its last turn, or still runs"
                             : "it ended between turns, or still runs");
  const std::size_t first = lines != 0 && lines < said.size() ? said.size() - lines : 0;
  for (std::size_t i = first; i < said.size(); ++i)
    std::printf("%10.3f s  %s\n", std::chrono::duration<double>(said[i].first - said.back().first).count(),
                said[i].second.c_str());
  return 0;
}

}  // namespace dure
