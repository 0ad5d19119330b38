// Whose word an owner takes for a sign that a shard's agent works, when one account's saves are put off for long.
#include "tests/common/game/owner_fixture.h"

namespace dure {
namespace {

// The engine has no request of a client's that changes value: this message stands for one.
struct Till {
  proto::AttachReply sell(Player&, const proto::SavedNotice&) {
    ++sold;
    return {};
  }
  int sold = 0;
};

class OwnerSilenceTest : public test::OwnerTest {
 protected:
  OwnerSilenceTest() {
    inn_->on_player(&till_, &Till::sell);
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
        kAgent, [](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
          proto::ApplyReply saved;
          saved.set_code(request.player_id() == 1 ? proto::RETRY : proto::STORED);
          saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
          return saved;
        });
  }
  void buy(std::uint64_t id, std::uint64_t creq) {
    proto::SavedNotice request;
    request.set_creq(creq);
    MeshHeader header;
    header.session = SessionId(id * 10);
    header.session_epoch = player(id).session.epoch;
    header.player = PlayerId(id);
    header.player_epoch = player(id).epoch;
    cluster_->ask(kGateway, request, header);
    cluster_->turn();
  }
  Till till_;
};

TEST_F(OwnerSilenceTest, OnePlayersSavesThatArePutOffAreNotItsNeighboursTrouble) {
  now_do([this] { earn(1); });
  for (std::uint64_t creq = 1; creq <= 31; ++creq) {
    cluster_->run(seconds(1));
    buy(2, creq);
    ASSERT_EQ(till_.sold, static_cast<int>(creq)) << "refused";
  }
  EXPECT_FALSE(player(1).window.empty());
  EXPECT_TRUE(player(1).stranded);
  EXPECT_FALSE(player(2).stranded);
}

TEST_F(OwnerSilenceTest, AShardIsAskedOnceASecondAtMostByOneWhoHasNothingToSave) {
  inbox_asked_ = 0;
  cluster_->run(seconds(10));
  EXPECT_EQ(inbox_asked_, 0) << "nobody waits for it";
  now_do([this] { earn(1); });
  cluster_->run(seconds(10));
  EXPECT_GE(inbox_asked_, 3);
  EXPECT_LE(inbox_asked_, 10);
}

TEST_F(OwnerSilenceTest, AnAgentThatAnswersNothingIsSilentAllTheSame) {
  on_inbox_ = [] { return std::nullopt; };
  now_do([this] { earn(1); });
  cluster_->run(seconds(7));
  buy(2, 1);
  EXPECT_EQ(till_.sold, 0);
  cluster_->run(seconds(25));
  EXPECT_TRUE(player(2).stranded);
}

}  // namespace
}  // namespace dure
