// A connection's first bytes, to the byte and in any pieces, into the port and the gateway behind it: whatever comes,
// the connection is bounded, and once its socket is closed nothing of it is left.
#include <google/protobuf/stubs/logging.h>

#include <memory>

#include "tests/fuzz/input.h"
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class Handshake : public GatewayTest {
 public:
  // Passwords are not hashed: that is the worker's, and slow on purpose.
  Handshake() {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    worker_answers_ = false;
  }
  void TestBody() override {}

  void run(fuzz::Input input) {
    const ClientId client(++last_);
    if (!port_.opened(client, "127.0.0.1:" + std::to_string(1 + last_ % 60000), cluster_.now)) return;
    while (!input.empty() && !port_.closing(client)) {
      const std::uint8_t choice = input.byte();
      if (choice == 0xFF) cluster_.run(milliseconds(500), milliseconds(500));
      if (port_.reads(client)) port_.received(client, input.take(1 + choice), cluster_.now);
      settle();
    }
    std::vector<std::string_view> pieces;
    port_.gather(client, 64, &pieces);
    port_.closed(client, cluster_.now);
    settle();
    CHECK(port_.clients() == 0);
    cluster_.forget_sent();
    cluster_.all_effects().clear();
    log_.lines.clear();
    CHECK_MSG(log_.errors.empty(), log_.errors.front());
    cluster_.now += milliseconds(100);  // buckets fill again
  }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace
}  // namespace dure::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Passwords that are never judged keep a task each: a new gateway before they are many.
  static std::unique_ptr<dure::test::Handshake> handshake;
  static int runs = 0;
  if (runs++ % 500 == 0) handshake = std::make_unique<dure::test::Handshake>();
  handshake->run({data, size});
  return 0;
}
