#include "common/game/content_keeper.h"

#include <gtest/gtest.h>

#include "common/proto/content.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1);

// A node that plays a number, read from a file of digits.
class Keeping : public Node {
 public:
  Keeping(NodeIdentity identity, const Routes& routes, Seams seams) : Node(std::move(identity), routes, seams) {
    on(&Keeping::hear);
    every(seconds(1), [this] { keeper.tick(); });
  }
  ContentKeeper keeper{*this, 1, [this] { ++changes; }};
  int changes = 0;

 private:
  void hear(const From&, const proto::ContentNotice& notice) { keeper.hear(notice); }
};

class ContentKeeperTest : public testing::Test {
 protected:
  ContentKeeperTest() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kGeneral, 1);
    identity.name = "general-1";
    node_ = std::make_unique<Keeping>(identity, routes_, Seams{&log_, &entropy_});
    cluster_ = std::make_unique<test::FakeCluster>(*node_, routes_);
    live_ = std::make_shared<LiveContent<int>>(
        7, content_hash(files("7")),
        [](const std::vector<ContentFile>& in) -> Result<int> {
          const auto file = find_content_file(in, "number.toml");
          if (!file) return tl::unexpected<Error>(file.error());
          if (file->text.find_first_not_of("0123456789") != std::string::npos)
            return fail(Trouble::kInvalid, "number.toml:1:1: digits are needed");
          return std::stoi(file->text);
        },
        [](int number, const std::string&) { return number; });
    node_->keeper.use(live_);
    PeerFacts facts;
    facts.directory = true;
    cluster_->answers<proto::ContentQuery, proto::ContentReply>(
        kAgent, [this](auto&, const auto&) -> std::optional<proto::ContentReply> {
          ++asked_;
          proto::ContentReply reply;
          reply.set_active(active_);
          for (const auto& [version, text] : texts_) *reply.add_versions() = stored(version, text, true);
          return reply;
        });
    cluster_->up(kAgent, facts);
  }
  static std::vector<ContentFile> files(const std::string& text) { return {{"number.toml", text}}; }
  static proto::ContentVersion stored(std::uint32_t number, const std::string& text, bool whole) {
    proto::ContentVersion version;
    version.set_version(number);
    version.set_hash(content_hash(files(text)));
    if (!whole) return version;
    version.add_files()->set_name("number.toml");
    version.mutable_files(0)->set_text(text);
    return version;
  }
  void tell(std::uint32_t active, std::map<std::uint32_t, std::string> texts) {
    active_ = active;
    texts_ = std::move(texts);
    proto::ContentNotice notice;
    notice.set_active(active_);
    for (const auto& [version, text] : texts_) *notice.add_versions() = stored(version, text, false);
    cluster_->say(kAgent, notice);
    cluster_->run(milliseconds(100));
  }
  std::uint32_t version() const { return node_->keeper.version(); }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  std::unique_ptr<Keeping> node_;
  std::unique_ptr<test::FakeCluster> cluster_;
  std::shared_ptr<LiveContent<int>> live_;
  std::uint32_t active_ = 0;
  std::map<std::uint32_t, std::string> texts_;
  int asked_ = 0;
};

TEST_F(ContentKeeperTest, ItsOwnFilesAreOnlyNumbered) {
  tell(5, {{5, "7"}});
  EXPECT_EQ(version(), 5u);
  EXPECT_EQ(live_->now(), 7);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(node_->changes, 1);
}

TEST_F(ContentKeeperTest, OtherFilesAreFetchedThenPlayed) {
  tell(5, {{5, "8"}});
  EXPECT_EQ(version(), 5u);
  EXPECT_EQ(live_->now(), 8);
  EXPECT_EQ(asked_, 1);
}

TEST_F(ContentKeeperTest, TheNextOneIsReadBeforeItIsActiveAndThenPlayedAtOnce) {
  tell(1, {{1, "7"}, {2, "9"}});
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(live_->now(), 7);
  const auto begun = live_->kept();
  const int& referred = live_->now();
  tell(2, {{1, "7"}, {2, "9"}});
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(referred, 9);
  EXPECT_EQ(*begun, 7) << "who began with it keeps it";
  EXPECT_TRUE(node_->keeper.taken(1));
  tell(3, {{2, "9"}, {3, "10"}});
  EXPECT_FALSE(node_->keeper.taken(1));
  tell(2, {{1, "7"}, {2, "9"}, {3, "10"}});
  EXPECT_EQ(live_->now(), 9) << "and back";
}

TEST_F(ContentKeeperTest, MoreThanOneStepBackIsReadAnewAndPlayed) {
  tell(1, {{1, "7"}, {2, "9"}});
  tell(2, {{1, "7"}, {2, "9"}, {3, "10"}});
  tell(3, {{2, "9"}, {3, "10"}, {4, "11"}});
  tell(4, {{3, "10"}, {4, "11"}});
  tell(3, {{2, "9"}, {3, "10"}, {4, "11"}});
  EXPECT_EQ(live_->now(), 10);
  tell(2, {{1, "7"}, {2, "9"}, {3, "10"}});
  cluster_->run(seconds(2));
  EXPECT_EQ(live_->now(), 9);
  EXPECT_EQ(version(), 2u);
  tell(1, {{1, "7"}, {2, "9"}});
  cluster_->run(seconds(2));
  EXPECT_EQ(live_->now(), 7) << "its own files";
  EXPECT_EQ(version(), 1u);
  EXPECT_TRUE(log_.errors.empty()) << log_.errors.front();
}

TEST_F(ContentKeeperTest, ANextOneThatWasReplacedIsReadAgain) {
  tell(1, {{1, "7"}, {2, "9"}});
  tell(1, {{1, "7"}, {2, "12"}});
  tell(2, {{1, "7"}, {2, "12"}});
  EXPECT_EQ(live_->now(), 12);
}

TEST_F(ContentKeeperTest, WhatCannotBeReadIsSaidOnceAndTheOldOneIsPlayedOn) {
  tell(1, {{1, "7"}});
  tell(2, {{1, "7"}, {2, "seven"}});
  cluster_->run(seconds(5));
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(live_->now(), 7);
  ASSERT_EQ(log_.errors.size(), 1u);
  EXPECT_NE(log_.errors[0].find("number.toml:1:1: digits are needed"), std::string::npos);
}

}  // namespace
}  // namespace dure
