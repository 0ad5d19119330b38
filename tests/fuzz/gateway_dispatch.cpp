// Every message a client may name, with any body, in every state of its session: the answer is defined, nothing is an
// error of ours, and neither the gateway nor its port is left in a state that breaks an invariant.
#include <google/protobuf/stubs/logging.h>

#include <memory>

#include "tests/fuzz/input.h"
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

// In the order of a session's life.
enum class Stage { kConnected, kJudged, kAccount, kEntering, kWorld, kHolding, kLeaving };
constexpr int kStages = 7;

class Dispatch : public GatewayTest {
 public:
  explicit Dispatch(Stage stage) : stage_(stage) {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    for (const auto& [id, info] : routes_.all()) ids_.push_back(static_cast<std::uint16_t>(id));
    ids_.push_back(0xFFFF);
    cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent, [](auto&, auto&) {
      proto::SessionReply reply;
      reply.set_code(proto::EXPECTED_OTHER);  // nobody guesses a token
      return std::optional(reply);
    });
    account_exists();
    worker_answers_ = false;
    open(kMina);
    if (stage == Stage::kJudged) send(kMina, ticket_login());
    if (stage >= Stage::kAccount) log_in_by_ticket();
    if (stage >= Stage::kWorld)
      cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
        route(kGeneral, 7);
        return std::optional(proto::AdmitReply());
      });
    if (stage >= Stage::kEntering) {
      proto::SelectCharacterRequest select;
      select.set_player_id(50);
      send(kMina, select);
    }
    if (stage == Stage::kHolding) {
      hold(kGeneral, 7);
      settle();
    }
    if (stage == Stage::kLeaving) send(kMina, proto::LeaveWorldRequest());
    CHECK(at_stage());
  }
  void TestBody() override {}
  // False: it is no longer at its stage.
  bool run(fuzz::Input input) {
    const std::uint16_t id = ids_[input.below(ids_.size())];
    port_.received(kMina, encode_frame(id, ++seq_[kMina], input.rest()), cluster_.now);
    settle();
    CHECK_MSG(log_.errors.empty(), log_.errors.front());
    const bool closing = port_.closing(kMina);
    if (closing) {
      port_.closed(kMina, cluster_.now);
      settle();
      CHECK(port_.clients() == 0);
      return false;
    }
    (void)seen(kMina);
    cluster_.run(milliseconds(250), milliseconds(250));
    cluster_.forget_sent();
    cluster_.all_effects().clear();
    log_.lines.clear();
    return at_stage() && ++runs_ < kRunsAtMost;
  }

 private:
  // What waits for an answer waits for so many turns of 250 ms, no longer.
  static constexpr int kRunsAtMost = 4000;
  // A password would be hashed, slowly on purpose.
  void log_in_by_ticket() {
    proto::Ticket ticket;
    ticket.set_account("mina");
    ticket.set_cluster_id(identity().cluster_id);
    ticket.set_nonce(1);
    ticket.set_not_after_unix_ms(unix_ms(cluster_.wall) + 60'000);
    checked_ticket_ = "t" + ticket.SerializeAsString();
    send(kMina, ticket_login());
    checked_ticket_.clear();
    const auto reply = pick<proto::LoginReply>(seen(kMina));
    CHECK(reply && reply->has_characters());
    session_ = SessionId(reply->session_id());
  }
  bool at_stage() {
    const auto* session = gateway_.session(session_);
    if (stage_ == Stage::kConnected || stage_ == Stage::kJudged) return session == nullptr && runs_ < 30;
    if (session == nullptr) return false;
    switch (session->state) {
      case SessionState::kAccount:
        return stage_ == Stage::kAccount;
      case SessionState::kEntering:
        return stage_ == Stage::kEntering;
      case SessionState::kWorld:
        return stage_ == Stage::kWorld;
      case SessionState::kHolding:
        return stage_ == Stage::kHolding;
      case SessionState::kLeaving:
        return stage_ == Stage::kLeaving;
    }
    return false;
  }
  const Stage stage_;
  std::vector<std::uint16_t> ids_;
  int runs_ = 0;
};

}  // namespace
}  // namespace dure::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<dure::test::Dispatch> of_stage[dure::test::kStages];
  dure::fuzz::Input input(data, size);
  const int stage = input.byte() % dure::test::kStages;
  auto& dispatch = of_stage[stage];
  if (!dispatch) dispatch = std::make_unique<dure::test::Dispatch>(static_cast<dure::test::Stage>(stage));
  if (!dispatch->run(input)) dispatch.reset();
  return 0;
}
