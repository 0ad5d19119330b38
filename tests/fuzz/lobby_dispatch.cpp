// Every message a client may send to its owner, with any body: the sample game's and the engine's handlers of a general
// answer or refuse, nobody is rejected by the database's guards, and no handler throws.
#include <google/protobuf/stubs/logging.h>

#include <memory>

#include "tests/fuzz/client_frames.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class Dispatch : public LobbyTest {
 public:
  Dispatch() : frames_(routes_, Role::kGeneral, 2) {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    (void)admit(1);
    (void)admit(2);
  }
  void TestBody() override {}
  // False: the player is gone; make a new lobby.
  bool run(fuzz::Input input) {
    while (!input.empty()) {
      const fuzz::SomeFrame one = frames_.next(input);
      frame(one.player, one.message_id, one.body);
    }
    cluster_->run(milliseconds(200), milliseconds(50));
    CHECK_MSG(log_.errors.empty(), log_.errors.front());
    cluster_->forget_sent();
    cluster_->all_effects().clear();
    log_.lines.clear();
    applied_.clear();
    return lobby_->find(PlayerId(1)) != nullptr && lobby_->find(PlayerId(2)) != nullptr && ++runs_ < 500;
  }

 private:
  const fuzz::ClientFrames frames_;
  int runs_ = 0;
};

}  // namespace
}  // namespace dure::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<dure::test::Dispatch> dispatch;
  if (!dispatch) dispatch = std::make_unique<dure::test::Dispatch>();
  if (!dispatch->run({data, size})) dispatch.reset();
  return 0;
}
