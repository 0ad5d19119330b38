#include "tests/sim/held_session.h"

#include "common/game/sample/messages.h"
#include "common/logic/node.h"
#include "common/proto/routes.h"

namespace dure::sim {

void HeldSession::hear(std::uint32_t message_id) {
  static const Routes routes = [] {
    auto files = engine_files();
    for (const auto* file : sample::message_files()) files.push_back(file);
    return Routes::build(files).value();
  }();
  const RouteInfo* route = routes.find(message_id);
  if (route == nullptr || route->latest) return;
  for (const auto* of_the_connection :
       {proto::LoginReply::descriptor(), proto::ResumeReply::descriptor(), proto::CloseNotice::descriptor()})
    if (message_id == route_id(of_the_connection)) return;
  ++reliable_received_;
}

void HeldSession::begun(const proto::LoginReply& reply) {
  id_ = reply.session_id();
  token_ = reply.resume_token();
  reliable_received_ = 0;
}

void HeldSession::resumed(const proto::ResumeReply& reply) {
  token_ = reply.resume_token();
  if (!reply.replayed()) reliable_received_ = 0;
}

proto::ResumeRequest HeldSession::request() const {
  proto::ResumeRequest request;
  request.set_protocol_version(kProtocolVersion);
  request.set_content_version(1);
  request.set_session_id(id_);
  request.set_resume_token(token_);
  request.set_reliable_received(reliable_received_);
  return request;
}

}  // namespace dure::sim
