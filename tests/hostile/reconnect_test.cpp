// A gateway died and everybody it had stands before another one in the same second.
#include <set>

#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

constexpr std::uint32_t kClients = 5000;
constexpr Duration kStep = milliseconds(100);

class HostileReconnect : public GatewayTest {
 protected:
  struct Comer {
    std::uint32_t number = 0;  // its session and account
    ClientId client;           // none: it waits to come back
    MonoTime at{};
    int refused = 0;
  };

  HostileReconnect() {
    cluster_.answers<proto::SessionResume, proto::SessionReply>(
        kAgent, [](const MeshHeader&, const proto::SessionResume& resume) {
          proto::SessionReply reply;
          reply.set_session_epoch(2);
          reply.set_account_id(resume.session_id());
          reply.set_shard(1);
          return std::optional(reply);
        });
  }
  static std::string address_of(std::uint32_t n) {
    return "10." + std::to_string(n / 62500) + "." + std::to_string(n / 250 % 250) + "." + std::to_string(n % 250) +
           ":7";
  }
  void come(Comer& comer) {
    comer.client = ClientId(++next_);
    ASSERT_TRUE(port_.opened(comer.client, address_of(comer.number), cluster_.now));
    proto::ResumeRequest resume;
    resume.set_protocol_version(kProtocolVersion);
    resume.set_content_version(1);
    resume.set_session_id(1000 + comer.number);
    resume.set_resume_token("token " + std::to_string(comer.number));
    const auto id = static_cast<std::uint16_t>(route_id(proto::ResumeRequest::descriptor()));
    port_.received(comer.client, encode_frame(id, 1, resume.SerializeAsString()), cluster_.now);
  }
  // True: it is in.
  bool answered(Comer& comer) {
    const auto reply = pick<proto::ResumeReply>(seen(comer.client));
    if (!reply) return false;
    if (reply->code() == proto::OK) return true;
    EXPECT_EQ(reply->code(), proto::BUSY);
    EXPECT_GT(reply->retry_after_ms(), 0u);
    ++comer.refused;
    hints_.push_back(reply->retry_after_ms());
    comer.at = cluster_.now + milliseconds(static_cast<int>(reply->retry_after_ms()));
    port_.closed(comer.client, cluster_.now);
    comer.client = {};
    return false;
  }

  std::uint64_t next_ = 100000;
  std::vector<std::uint32_t> hints_;
};

TEST_F(HostileReconnect, FiveThousandInOneSecondAreAllBackInThirtyWithoutAHashAndInARamp) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  const int hashed_before = hashed_;
  std::vector<Comer> outside(kClients);
  for (std::uint32_t i = 0; i < kClients; ++i)
    outside[i].number = i, outside[i].at = cluster_.now + milliseconds(static_cast<int>(i * 1000 / kClients));
  const MonoTime began = cluster_.now;
  std::vector<std::size_t> let_in;  // by second
  while (!outside.empty() && cluster_.now - began < seconds(40)) {
    for (Comer& comer : outside)
      if (!comer.client && comer.at <= cluster_.now) come(comer);
    settle();
    let_in.resize(static_cast<std::size_t>((cluster_.now - began) / seconds(1)) + 1);
    let_in.back() += std::erase_if(outside, [this](Comer& comer) { return comer.client && answered(comer); });
    if (const auto tick = (cluster_.now - began) / kStep; tick % 20 == 0) {
      EXPECT_TRUE(pick<proto::Pong>((send(kMina, proto::Ping()), seen(kMina)))) << "who is in plays on";
    }
    cluster_.run(kStep, kStep);
  }
  EXPECT_TRUE(outside.empty()) << outside.size();
  EXPECT_LE(cluster_.now - began, seconds(30));
  EXPECT_EQ(hashed_, hashed_before);
  EXPECT_EQ(gateway_.sessions(), kClients + 1);
  EXPECT_LE(let_in.front(), 1600u) << "the burst and a second of the rate";
  for (std::size_t s = 1; s < let_in.size(); ++s) EXPECT_LE(let_in[s], 600u) << s;
  EXPECT_GT(std::set<std::uint32_t>(hints_.begin(), hints_.end()).size(), hints_.size() / 4) << "not all at once again";
  EXPECT_LT(hints_.size(), 3u * kClients) << "a hint is worth something";
}

}  // namespace
}  // namespace dure::test
