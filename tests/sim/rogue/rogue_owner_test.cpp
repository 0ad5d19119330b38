// What the rogue owner knows of its own: what a reading must say after what was answered, and after what was not; and
// that a store whose answers are made up is reported.
#include "tests/sim/rogue/rogue_owner.h"

#include <gtest/gtest.h>

#include "tests/sim/run.h"

namespace dure::sim {
namespace {

proto::Uid uid(std::uint64_t low) {
  proto::Uid id;
  id.set_high(1);
  id.set_low(low);
  return id;
}

class OwnCharacterTest : public ::testing::Test {
 protected:
  OwnCharacterTest() {
    character_.id = 7;
    character_.name = "Rogueanna";
    character_.epoch = 3;
    character_.state = OwnCharacter::State::kOwned;
  }
  // As a store that did all this would grant it.
  static proto::AcquireReply grant(const OwnCharacter& character) {
    proto::AcquireReply grant;
    grant.set_epoch(character.epoch + 1);
    grant.set_ended_epoch(character.epoch);
    grant.set_ended_last_pseq(character.saved);
    grant.set_last_creq(character.has.creq);
    grant.set_last_creq_hash(character.has.creq_hash);
    auto* aggregate = grant.mutable_aggregate();
    aggregate->set_player_id(character.id);
    aggregate->set_name(character.name);
    for (const auto& [name, value] : character.has.balances) {
      auto* amount = aggregate->add_balances();
      amount->set_name(name);
      amount->set_value(value);
    }
    for (const auto& [id, item] : character.has.items) *aggregate->add_items() = item;
    for (const auto& [id, letter] : character.has.inbox) *aggregate->add_inbox() = letter;
    return grant;
  }
  std::string untrue(const proto::AcquireReply& grant) const { return character_.untrue(grant, under_way_, true); }
  OwnCharacter character_;
  Letters under_way_;
};

const std::vector<proto::Operation> kEarns = {OwnerDeed("loot").balance("gold", 5).asked_by_client(4, 44).take(),
                                              OwnerDeed("loot").mint(uid(9), "sword").take()};

TEST_F(OwnCharacterTest, WhatWasStoredMustBeGranted) {
  const auto before = grant(character_);
  EXPECT_EQ(untrue(before), "");
  character_.did(kEarns);
  EXPECT_EQ(untrue(grant(character_)), "");
  EXPECT_NE(untrue(before), "");

  auto wrong = grant(character_);
  wrong.mutable_aggregate()->mutable_balances(0)->set_value(6);
  EXPECT_NE(untrue(wrong), "");
  wrong = grant(character_);
  wrong.set_last_creq_hash(45);
  EXPECT_EQ(untrue(wrong), "last_creq_hash is 45 and not 44");
  wrong = grant(character_);
  wrong.set_ended_last_pseq(1);
  EXPECT_EQ(untrue(wrong), "ended_last_pseq is 1 and not 2");
  wrong = grant(character_);
  wrong.mutable_aggregate()->mutable_items(0)->set_version(2);
  EXPECT_NE(untrue(wrong), "");
}

TEST_F(OwnCharacterTest, WhatWasNotAnsweredWasDoneWhollyOrNotAtAll) {
  OwnCharacter done = character_, half = character_;
  done.did(kEarns);
  half.did({kEarns[0]});
  const auto not_done = grant(character_);
  character_.may_have_done(kEarns);
  EXPECT_EQ(untrue(not_done), "");
  auto all = grant(done), one = grant(half);
  for (auto* grant : {&all, &one}) grant->set_ended_last_pseq(character_.saved);
  EXPECT_EQ(untrue(all), "");
  EXPECT_NE(untrue(one), "");

  character_.was_read = true;
  proto::AcquireReply owner;
  owner.set_epoch(3);
  owner.set_last_pseq(1);
  EXPECT_EQ(character_.untrue_owner(owner), "last_pseq is 1 and not 0");
  owner.set_last_pseq(2);
  EXPECT_EQ(character_.untrue_owner(owner), "");
  character_.believe_owner(owner);
  EXPECT_EQ(untrue(grant(done)), "");
  EXPECT_NE(untrue(not_done), "") << "its number says that it was done";
}

TEST_F(OwnCharacterTest, ALetterComesOnceAndIsWhatWasSent) {
  proto::InboxEntry letter;
  letter.set_message_id(50);
  letter.set_memo("hello");
  under_way_[50] = letter;
  auto read = grant(character_);
  EXPECT_EQ(untrue(read), "") << "it may still be under way";
  *read.mutable_aggregate()->add_inbox() = letter;
  EXPECT_EQ(untrue(read), "");
  read.mutable_aggregate()->mutable_inbox(0)->set_memo("hallo");
  EXPECT_NE(untrue(read), "");

  const auto without = grant(character_);
  character_.has.inbox[50] = letter;
  under_way_.clear();
  EXPECT_EQ(untrue(grant(character_)), "");
  EXPECT_EQ(untrue(without), "letter 50 is not there");
  const auto with = grant(character_);
  character_.has.claim(50);
  EXPECT_EQ(untrue(grant(character_)), "");
  EXPECT_NE(untrue(with), "") << "it was claimed";
}

TEST(OwnHoard, ARecordThatIsMadeAnewMustHaveAnotherVersion) {
  OwnHoard hoard;
  proto::OwnerlessReadReply read;
  auto* record = read.add_records();
  record->set_key("lot");
  record->set_version(5);
  record->set_body("a");
  hoard.believe(read);
  EXPECT_EQ(hoard.untrue(read, {}), "");

  proto::OwnerlessApply change;
  auto* removed = change.add_records();
  removed->set_key("lot");
  removed->set_remove(true);
  hoard.did(change);
  hoard.believe({});
  removed->set_remove(false);
  removed->set_body("a");
  hoard.did(change);
  EXPECT_EQ(hoard.untrue(read, {}), "record lot has version 5, and had 5");
  record->set_version(6);
  EXPECT_EQ(hoard.untrue(read, {}), "");
}

// The first seed that is short, with this rogue and nothing else that happens.
TEST(RogueOwner, AStoreThatAnswersAnythingIsReportedAndAHealthyOneIsNot) {
  Plan plan;
  for (std::uint64_t seed = 1; plan.clients.empty() || plan.clients.size() > 4; ++seed) plan = draw_plan(seed);
  plan.faults.clear();
  plan.unlucky.clear();
  plan.shape.shards = 2;
  plan.play = seconds(20);
  plan.mischief = {{Who::kOwns, 1}};
  const Outcome healthy = run_plan(plan);
  EXPECT_TRUE(healthy.broken.empty()) << healthy.broken.front().law << healthy.broken.front().detail;
  EXPECT_GT(healthy.reached.at("rogue own.deeds"), 5u);
  EXPECT_GT(healthy.reached.at("rogue own.grant"), 5u);
  plan.bug = Bug::kGullibleStore;
  EXPECT_TRUE(run_plan(plan).breaks(law::kSavedIsRead));
}

}  // namespace
}  // namespace dure::sim
