#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "common/host/redis_connection.h"
#include "common/host/redis_link.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"
#include "tests/common/host/private_redis.h"
#include "tests/common/host/waiting.h"
#include "tools/gm/gm_command.h"
#include "tools/gm/gm_key.h"
#include "tools/gm/run_gm.h"

namespace dure {
namespace {

const WallTime kNow{seconds(1'800'000'000)};

TEST(GmCommand, EachVerbIsUnderstood) {
  EXPECT_EQ(parse_gm({"announce", "hello", "world"}, kNow)->arguments(0), "hello world");
  EXPECT_EQ(parse_gm({"give", "Anna", "gold", "50"}, kNow)->arguments(2), "50");
  EXPECT_EQ(parse_gm({"feature", "shop", "off"}, kNow)->arguments(1), "off");
  EXPECT_TRUE(parse_gm({"status"}, kNow));
  EXPECT_EQ(parse_gm({"ban", "Anna", "--until", "2d", "--reason", "bots"}, kNow)->arguments(2), "bots");
}

TEST(GmCommand, NonsenseIsExplained) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"dance"},
                                             {"kick"},
                                             {"kick", "'; drop"},
                                             {"give", "Anna", "gold", "-5"},
                                             {"give", "Anna", "gold", "99999999999"},
                                             {"feature", "shop", "maybe"},
                                             {"ban", "Anna", "--until", "yesterday"},
                                             {"announce", ""},
                                             {"maintenance"}}) {
    const auto command = parse_gm(words, kNow);
    ASSERT_FALSE(command);
    EXPECT_NE(command.error().detail.find("announce TEXT"), std::string::npos);
  }
}

TEST(GmCommand, UntilTakesDurationsAndDates) {
  EXPECT_EQ(*parse_until("90m", kNow), unix_ms(kNow) + 90 * 60'000);
  EXPECT_EQ(*parse_until("2030-01-02", kNow), 1893542400000);
  EXPECT_EQ(*parse_until("2030-01-02T01:00Z", kNow), 1893546000000);
  EXPECT_FALSE(parse_until("2020-01-01", kNow)) << "has passed";
  EXPECT_FALSE(parse_until("2030-13-01", kNow));
}

class GmKeyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "dure-gm-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(GmKeyTest, ASignedCommandVerifiesAndAChangedOneDoesNot) {
  const auto key = make_gm_key((folder_ / "anna.key").string());
  ASSERT_TRUE(key) << key.error().detail;
  proto::SignedGmCommand out;
  ASSERT_TRUE(out.ParseFromString(sign_gm(*parse_gm({"status"}, kNow), *key, "anna", "test", 5, kNow)));
  EXPECT_EQ(out.key_name(), "anna");
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  sodium_hex2bin(public_key, sizeof public_key, key->public_hex.data(), key->public_hex.size(), nullptr, nullptr,
                 nullptr);
  const auto verifies = [&](const std::string& text) {
    return crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(out.signature().data()),
                                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                       public_key) == 0;
  };
  EXPECT_TRUE(verifies(out.command()));
  std::string changed = out.command();
  changed[0] ^= 1;
  EXPECT_FALSE(verifies(changed));
}

TEST_F(GmKeyTest, TheSecondPersonSignsTheSameWordsWithinTheHour) {
  const auto anna = make_gm_key((folder_ / "anna.key").string()), otto = make_gm_key((folder_ / "otto.key").string());
  ASSERT_TRUE(anna && otto);
  const std::string draft =
      sign_gm(*parse_gm({"give", "Anna", "gold", "5"}, kNow), *anna, "anna+otto", "test", 5, kNow);
  proto::GmCommand words;
  EXPECT_FALSE(countersign_gm(draft, *anna, "anna", kNow, &words)) << "the first one again";
  EXPECT_FALSE(countersign_gm(draft, *otto, "otto", kNow + seconds(3601), &words));
  EXPECT_FALSE(countersign_gm("noise", *otto, "otto", kNow, &words));
  const auto both = countersign_gm(draft, *otto, "otto", kNow + seconds(60), &words);
  ASSERT_TRUE(both) << both.error().detail;
  EXPECT_EQ(words.arguments(1), "gold");
  proto::SignedGmCommand out;
  ASSERT_TRUE(out.ParseFromString(*both));
  EXPECT_EQ(out.signature().size(), 2 * crypto_sign_BYTES);
  EXPECT_EQ(out.key_name(), "anna+otto");
  EXPECT_FALSE(countersign_gm(*both, *otto, "otto", kNow, &words)) << "it has both already";
}

TEST_F(GmKeyTest, ASecretIsPrivateAndNeverOverwritten) {
  const std::string path = (folder_ / "k.key").string();
  ASSERT_TRUE(make_gm_key(path));
  EXPECT_FALSE(make_gm_key(path));
  EXPECT_TRUE(read_gm_key(path));
  ::chmod(path.c_str(), 0644);
  EXPECT_FALSE(read_gm_key(path));
  EXPECT_TRUE(read_gm_key(path, true)) << "a development key";
}

// A node that does everything that it is told.
bool obeys_one(Mailbox* box, RedisLink* link) {
  std::vector<Inbound> batch;
  box->take(&batch, mono_now());
  for (const auto& inbound : batch) {
    const auto* order = std::get_if<GmCommandIn>(&inbound);
    proto::GmCommand command;
    if (order == nullptr || !parse_strict(order->command.view(), &command)) continue;
    proto::GmAnswer done;
    done.set_id(command.id());
    done.set_node("chat-1");
    done.set_ok(true);
    link->answer({order->reply_channel, Bytes(done.SerializeAsString())});
    return true;
  }
  return false;
}

TEST_F(GmKeyTest, AnOrderIsDoneThroughARedisOnASocketFile) {
  GmOptions options;
  options.key_file = (folder_ / "anna.key").string();
  options.key_name = "anna";
  options.patience = seconds(30);
  const auto key = make_gm_key(options.key_file);
  ASSERT_TRUE(key);
  const PrivateRedis redis;
  RedisOptions known;
  known.address = options.redis = redis.address();
  sodium_hex2bin(known.gm_keys["anna"].data(), sizeof(GmPublicKey), key->public_hex.data(), key->public_hex.size(),
                 nullptr, nullptr, nullptr);
  CountingLog log;
  Mailbox box("chat-1", 10, log);
  RedisLink link(known, {{NodeId(Role::kChat, 1), "chat-1", "", "", &box}}, log);
  link.start();
  ASSERT_TRUE(eventually([&] { return link.connected(); }));
  bool obeyed = false;
  std::thread node([&] { obeyed = eventually([&] { return obeys_one(&box, &link); }); });
  EXPECT_EQ(run_gm(options, {"status"}), 0);
  node.join();
  EXPECT_TRUE(obeyed);
}

TEST_F(GmKeyTest, WhatNobodyAnsweredMayBeDoneYetAndIsNotCalledRefused) {
  GmOptions options;
  options.key_file = (folder_ / "anna.key").string();
  options.key_name = "anna";
  options.patience = milliseconds(300);
  ASSERT_TRUE(make_gm_key(options.key_file));
  options.redis = "unix:" + (folder_ / "nobody").string();
  EXPECT_EQ(order_gm(options, {"status"}), GmOutcome::kUnsent);
  EXPECT_EQ(order_gm(options, {"dance"}), GmOutcome::kWrong);
  const PrivateRedis redis;
  options.redis = redis.address();
  ASSERT_TRUE(eventually([&] { return RedisConnection::open(options.redis).has_value(); }));
  EXPECT_EQ(order_gm(options, {"status"}), GmOutcome::kUnanswered);
  EXPECT_EQ(run_gm(options, {"status"}), 1);
}

}  // namespace
}  // namespace dure
