// Every message a client may send to the chat, with any body, from whoever is there, is not, or is blocked: channels,
// whispers and parties answer or refuse, the parties' laws hold after every turn, and no handler throws.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <memory>

#include "tests/chat/chat_fixture.h"
#include "tests/fuzz/client_frames.h"

namespace dure::test {
namespace {

// A party's id is drawn; made-up input names the small ones.
class Counting : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    next_ += 2;
    for (std::size_t i = 0; i < std::min(out.size(), sizeof next_); ++i)
      out[i] = static_cast<std::uint8_t>(next_ >> (8 * i));
  }

 private:
  std::uint32_t next_ = 0;
};

constexpr std::uint64_t kPlayers = 5;  // the last one is a stranger

class Dispatch : public ChatFixture {
 public:
  Dispatch() : ChatFixture(std::make_unique<Counting>()), frames_(routes_, Role::kChat, kPlayers) {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    arrive(1, "Anna", "town/1");
    arrive(2, "Bert", "town/1");
    arrive(3, "Carl", "run/77");
    arrive(4, "Dora", "town/2");
  }
  void TestBody() override {}
  // False: make a new one.
  bool run(fuzz::Input input) {
    while (!input.empty()) {
      const fuzz::SomeFrame one = frames_.next(input);
      frame(one.player, gateway(one.player), one.message_id, one.body);
    }
    // Long enough for another line, some 30 runs for an invitation to lapse.
    cluster_->run(seconds(1), milliseconds(500));
    CHECK_MSG(log_.errors.empty(), log_.errors.front());
    CHECK(chat_->present() == kPlayers - 1);
    cluster_->forget_sent();
    cluster_->all_effects().clear();
    log_.lines.clear();
    return ++runs_ < 100;
  }

 private:
  void arrive(std::uint64_t player, const std::string& name, const std::string& place) {
    proto::Presence presence;
    if (player % 2 == 1) presence.set_guild(7);
    if (player == 4) presence.add_blocked(1);
    present(player, name, gateway(player), place, presence);
  }
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
