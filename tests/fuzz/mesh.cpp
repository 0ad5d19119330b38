// What another process may send: any header, any body. The decoder gives back what it took; a node hears it out and
// neither throws nor breaks an invariant. A peer is trusted not to lie, so handlers may refuse with any code.
#include <google/protobuf/stubs/logging.h>

#include <cstring>
#include <memory>

#include "tests/fuzz/input.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class Heard : public LobbyTest {
 public:
  Heard() {
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    (void)admit(1);
  }
  void TestBody() override {}
  bool run(std::string bytes) {
    MeshHeader header;
    std::string_view body;
    if (!decode_mesh(bytes, &header, &body)) return true;
    const std::string again = encode_mesh(header, body);  // without what stood in reserved bytes
    MeshHeader same;
    std::string_view same_body;
    CHECK(again.size() == bytes.size() && decode_mesh(again, &same, &same_body) && same_body == body);
    CHECK(encode_mesh(same, same_body) == again);
    const NodeId peers[] = {kGateway, kAgent, kOther, kDungeon};
    cluster_->raw(peers[header.from.value % 4], header, std::string(body));
    cluster_->turn();
    cluster_->run(milliseconds(100), milliseconds(50));
    cluster_->forget_sent();
    cluster_->all_effects().clear();
    log_.lines.clear();
    log_.errors.clear();  // a peer that lies is an error of ours, and is logged as one
    applied_.clear();
    return lobby_->find(PlayerId(1)) != nullptr && ++runs_ < 500;
  }

 private:
  int runs_ = 0;
};

}  // namespace
}  // namespace dure::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<dure::test::Heard> heard;
  if (!heard) heard = std::make_unique<dure::test::Heard>();
  if (!heard->run(std::string(reinterpret_cast<const char*>(data), size))) heard.reset();
  return 0;
}
