#include "tools/bots/web_socket_client.h"

#include <gtest/gtest.h>

#include "common/proto/client_frame.h"
#include "common/proto/web_socket_key.h"

namespace dure {
namespace {

class WebSocketClientTest : public testing::Test {
 protected:
  std::string key() const {
    const auto at = client_.request().find("Sec-WebSocket-Key: ") + 19;
    return client_.request().substr(at, 24);
  }
  std::string answer() const {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: " +
           web_socket_accept(key()) + "\r\n\r\n";
  }
  Result<> take(const std::string& bytes) { return client_.take(bytes, &frames_, &out_); }
  WebSocketClient client_{"127.0.0.1:7011", 9};
  WebSocketCodec server_{WebSocketCodec::Side::kServer};
  std::string frames_, out_;
};

TEST_F(WebSocketClientTest, TakesAnAnswerAndFramesInAnyPieces) {
  const std::string frame = encode_frame(200, 1, "hello");
  std::string bytes = answer();
  server_.put_binary(frame.substr(4), &bytes);
  server_.put_ping("there?", &bytes);
  for (const char byte : bytes) ASSERT_TRUE(take(std::string(1, byte)));
  EXPECT_TRUE(client_.open());
  EXPECT_EQ(frames_, frame);
  server_.append(out_);
  EXPECT_EQ(server_.next(100).payload, "there?");
}

TEST_F(WebSocketClientTest, SaysWhyItWasRefusedOrClosed) {
  auto refused = take("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "HTTP 426");
  WebSocketClient other("x", 1);
  EXPECT_FALSE(other.take(answer(), &frames_, &out_)) << "the proof of another key";
  WebSocketClient third("x", 1);
  EXPECT_FALSE(third.take("SSH-2.0-x\r\n", &frames_, &out_));
}

TEST_F(WebSocketClientTest, AGoodbyeIsToldWithItsCodeAfterTheFramesBeforeIt) {
  std::string bytes = answer();
  server_.put_binary(encode_frame(200, 0, "last").substr(4), &bytes);
  server_.put_close(WebSocketCodec::kNormal, &bytes);
  const auto ended = take(bytes);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().detail, "closed by the gateway with 1000");
  EXPECT_EQ(frames_, encode_frame(200, 0, "last"));
}

}  // namespace
}  // namespace dure
