// Every message a client may send to its owner, with any body, in every state that a run and its players can be in: the
// handlers of a dungeon answer or refuse, the instance is never the one to pay for it, and no handler throws.
#include <google/protobuf/stubs/logging.h>

#include <memory>

#include "tests/dungeon/dungeon_fixture.h"
#include "tests/fuzz/client_frames.h"

namespace dure::test {
namespace {

enum class Stage {
  kWaiting,  // for the third player
  kRunning,
  kUnsaved,  // the database does not answer
  kLeaving,  // the lobby does not answer
};
constexpr int kStages = 4;
constexpr std::uint64_t kRun = 77;

class Dispatch : public DungeonTest {
 public:
  explicit Dispatch(Stage stage) : DungeonTest(false), stage_(stage), frames_(routes_, Role::kDungeon, 2) {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    for (const std::uint64_t player : {1, 2}) belongings(&rows_[player], player);
    if (stage == Stage::kWaiting)
      expect(kRun, {1, 2, 3});
    else
      expect(kRun, {1, 2});
    arrive(kRun, 1);
    arrive(kRun, 2);
    if (stage == Stage::kUnsaved) database_answers_ = false;
    if (stage == Stage::kLeaving) {
      lobby_answers_ = false;
      for (const std::uint64_t player : {1, 2}) client(player, proto::LeaveInstanceRequest());
    }
    cluster_->run(milliseconds(50));
    CHECK(players_here());
  }
  void TestBody() override {}
  // False: it is no longer at its stage.
  bool run(fuzz::Input input) {
    while (!input.empty()) {
      const fuzz::SomeFrame one = frames_.next(input);
      frame(one.player, one.message_id, one.body);
    }
    cluster_->run(milliseconds(100), milliseconds(50));
    CHECK_MSG(log_.errors.empty(), log_.errors.front());
    cluster_->forget_sent();
    cluster_->all_effects().clear();
    log_.lines.clear();
    applied_.clear();
    return players_here() && ++runs_ < runs_most();
  }

 private:
  // Enough to trade, to use, to wear and to lose.
  static void belongings(proto::Aggregate* row, std::uint64_t player) {
    for (const char* name : {"gold", "potion"}) {
      auto* stack = row->add_balances();
      stack->set_name(name);
      stack->set_value(100);
    }
    auto* sword = row->add_items();
    sword->mutable_id()->set_low(player);
    sword->set_template_("sword");
    sword->set_version(1);
  }
  bool players_here() const { return dungeon_->find(PlayerId(1)) != nullptr && dungeon_->find(PlayerId(2)) != nullptr; }
  // The waiting end after 10 s; what nobody answers is retried for some seconds.
  int runs_most() const { return stage_ == Stage::kRunning ? 500 : 40; }

  const Stage stage_;
  const fuzz::ClientFrames frames_;
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
