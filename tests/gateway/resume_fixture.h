// Resumes: what the directory and the owner say to them, at once or when a test has them answer.
#pragma once
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {

class ResumeTest : public GatewayTest {
 protected:
  explicit ResumeTest(const GatewayOptions& options = {}) : GatewayTest(identity(), options) {}
  // In the world at kGeneral, and its socket lost.
  void lose() {
    enter(kMina);
    port_.closed(kMina, cluster_.now);
    settle();
    cluster_.forget_sent();
  }
  proto::ResumeRequest request() {
    proto::ResumeRequest resume;
    resume.set_protocol_version(kProtocolVersion);
    resume.set_content_version(1);
    resume.set_session_id(session_.value);
    resume.set_resume_token(token_);
    resume.set_reliable_received(2);
    return resume;
  }
  std::optional<proto::ResumeReply> resume(ClientId client, const std::string& address = "127.0.0.1:5") {
    open(client, address);
    send(client, request());
    return pick<proto::ResumeReply>(seen(client));
  }
  // Having received nothing since frames were counted anew.
  std::optional<proto::ResumeReply> resume_with(ClientId client, const std::string& token) {
    directory_says(granted());
    proto::ResumeRequest again = request();
    again.set_resume_token(token);
    again.set_reliable_received(0);
    open(client);
    send(client, again);
    return pick<proto::ResumeReply>(seen(client));
  }
  void directory_says(const proto::SessionReply& reply) {
    cluster_.answers<proto::SessionResume, proto::SessionReply>(
        kAgent, [reply](const MeshHeader&, const proto::SessionResume&) { return std::optional(reply); });
  }
  void owner_answers_attach(proto::Code code) {
    cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral,
                                                        [this, code](const MeshHeader&, const proto::Attach&) {
                                                          ++attached_;
                                                          proto::AttachReply answer;
                                                          answer.set_code(code);
                                                          return std::optional(answer);
                                                        });
  }
  // Its bytes, without waiting for what comes of them.
  void write(ClientId client) {
    const auto id = static_cast<std::uint16_t>(route_id(proto::ResumeRequest::descriptor()));
    port_.received(client, encode_frame(id, ++seq_[client], request().SerializeAsString()), cluster_.now);
  }
  void directory_is_silent() {
    cluster_.answers<proto::SessionResume, proto::SessionReply>(
        kAgent, [](const MeshHeader&, const proto::SessionResume&) { return std::optional<proto::SessionReply>(); });
  }
  void lists_are_silent() {
    cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
        kAgent,
        [](const MeshHeader&, const proto::CharactersRequest&) { return std::optional<proto::CharactersReply>(); });
  }
  void owner_is_silent() {
    cluster_.answers<proto::Attach, proto::AttachReply>(
        kGeneral, [](const MeshHeader&, const proto::Attach&) { return std::optional<proto::AttachReply>(); });
  }
  // The call by which the owner is told of the socket, not answered yet.
  MeshHeader told() {
    const auto asked = cluster_.take<proto::Attach>(kGeneral);
    EXPECT_TRUE(asked);
    return asked ? asked->first : MeshHeader();
  }
  void owner_answers(const MeshHeader& asked, proto::Code code) {
    proto::AttachReply answer;
    answer.set_code(code);
    cluster_.answer(kGeneral, asked, answer);
    settle();
  }
  proto::SessionReply granted() {
    proto::SessionReply reply;
    reply.set_session_epoch(++session_epoch_);
    reply.set_account_id(5);
    reply.set_shard(1);
    reply.set_selected_player(50);
    return reply;
  }
  int attached_ = 0;
};

}  // namespace dure::test
