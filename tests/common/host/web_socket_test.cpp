// A real socket at the WebSocket's door of an IO thread, beside a plain one.
#include <gtest/gtest.h>

#include "common/host/io_thread.h"
#include "common/host/listener.h"
#include "common/proto/gateway.pb.h"
#include "gateway/web_socket_port.h"
#include "tests/common/host/client_socket.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

const std::string kRequest =
    "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

class WebSocketDoor : public testing::Test {
 protected:
  WebSocketDoor()
      : routes_(std::move(*Routes::build(engine_files()))),
        port_(routes_, options_, addresses_),
        web_(port_, options_),
        plain_listener_(listen_on("127.0.0.1:0", 1).value().front()),
        web_listener_(listen_on("127.0.0.1:0", 1).value().front()),
        plain_address_(local_address(plain_listener_)),
        web_address_(local_address(web_listener_)) {
    thread_ = std::make_unique<IoThread>(0, plain_listener_, web_, box_, log_, web_listener_);
    thread_->start();
  }
  // The logic thread: every frame is answered with one of its own.
  void answer() {
    std::vector<Inbound> batch;
    box_.take(&batch, mono_now());
    for (auto& inbound : batch) {
      closed_ += std::holds_alternative<ClientClosed>(inbound);
      if (const auto* frame = std::get_if<ClientFrameIn>(&inbound)) {
        ++frames_;
        thread_->submit({FrameOut{frame->client, {}, Bytes(encode_frame(200, frame->seq, "answer")), false},
                         FrameCredit{frame->client, 1}});
      }
    }
  }
  CountingLog log_;
  Mailbox box_{"test", 100, log_};
  PortOptions options_;
  AddressLimits addresses_{options_};
  Routes routes_;
  ClientPort port_;
  WebSocketPort web_;
  int plain_listener_, web_listener_;
  std::string plain_address_, web_address_;
  std::unique_ptr<IoThread> thread_;
  int frames_ = 0, closed_ = 0;
};

TEST_F(WebSocketDoor, FramesGoThroughBothDoorsAtOnce) {
  ClientSocket web(web_address_), plain(plain_address_);
  WebSocketCodec browser(WebSocketCodec::Side::kClient, 3);
  std::string bytes = kRequest;
  browser.put_binary(encode_frame(112, 1, "").substr(4), &bytes);
  web.send(bytes);
  plain.send(encode_frame(112, 1, ""));
  ASSERT_TRUE(eventually([&] { return answer(), frames_ == 2; }));
  const std::string answered = encode_frame(200, 1, "answer");
  EXPECT_EQ(plain.receive(answered.size()), answered);
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = web.receive(1);
    ASSERT_FALSE(byte.empty()) << head;
    head += byte;
  }
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101")) << head;
  EXPECT_EQ(web.receive(2 + answered.size() - 4), std::string("\x82\x0e", 2) + answered.substr(4));
}

TEST_F(WebSocketDoor, AStrangerReadsItsStatusBeforeTheSocketCloses) {
  ClientSocket web(web_address_);
  web.send("POST / HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(web.receive(100000).substr(0, 12), "HTTP/1.1 405");
  ClientSocket text(web_address_);
  text.send(kRequest + std::string("\x81\x80\0\0\0\0", 6));
  const std::string all = text.receive(100000);
  EXPECT_EQ(all.substr(all.size() - 4), std::string("\x88\x02\x03\xeb", 4)) << "1003";
}

TEST_F(WebSocketDoor, NobodyIsLetInAtEitherDoorOnceAcceptingHasStopped) {
  thread_->stop_accepting();
  thread_->stop();
  EXPECT_EQ(web_.clients(), 0u);
}

}  // namespace
}  // namespace dure
