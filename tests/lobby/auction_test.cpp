// The auction house over a real store: what players send reaches it by hand here, as the relay would bring it.
#include "tests/dbagent/store/store_fixture.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

constexpr std::uint64_t kHouse = 90, kSeller = 1, kBuyer = 2;

class AuctionTest : public LobbyTest {
 protected:
  AuctionTest() {
    auto options = store::shard_options(folder_.file("shard.db"));
    options.shard = 0;
    options.sync = false;
    store_ = store::open_shard(options);
    auto birth = store::creation(kHouse, 99);
    birth.set_shard(0);
    birth.set_ownerless(true);
    EXPECT_EQ(store::ask<proto::StoreReply>(*store_, birth).code(), proto::STORED);
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [](auto&, const auto& query) {
      proto::PlayerLocateReply reply;
      if (query.name() == sample::kAuctionName) reply.set_player_id(kHouse);
      return reply;
    });
    serve<proto::OwnerlessRead, proto::OwnerlessReadReply>();
    serve<proto::OwnerlessApply, proto::OwnerlessReply>();
    EXPECT_EQ(admit(kSeller).code(), proto::OK);
    EXPECT_EQ(admit(kBuyer).code(), proto::OK);
    cluster_->run(seconds(2));
    applied_.clear();
    cluster_->forget_sent();
  }
  template <class Request, class Reply>
  void serve() {
    cluster_->answers<Request, Reply>(
        kAgent, [this](auto&, const Request& request) { return store::ask<Reply>(*store_, request, shard_now()); });
  }
  std::int64_t shard_now() const { return store::kNow + to_ms(lobby_->now() - MonoTime{}); }
  // Whatever was sent since: into the house's inbox; then it works.
  void relay(std::uint64_t from) {
    cluster_->run(milliseconds(50));
    for (const auto& operation : applied_)
      for (const auto& effect : operation.effects()) {
        if (!effect.has_send()) continue;
        proto::DeliverRequest letter;
        letter.set_player_id(effect.send().to_player());
        letter.set_message_id(effect.send().message_id());
        letter.set_reason(operation.reason());
        letter.set_memo(effect.send().memo());
        letter.set_from_player(from);
        *letter.mutable_balances() = effect.send().balances();
        ASSERT_EQ(store::ask<proto::DeliverReply>(*store_, letter, shard_now()).code(), proto::STORED);
      }
    applied_.clear();
    proto::InboxNotice notice;
    notice.set_player_id(kHouse);
    cluster_->say(kAgent, notice);
    cluster_->run(milliseconds(300));
  }
  sample::AuctionListRequest listing(std::int64_t count = 2, std::int64_t price = 50) {
    sample::AuctionListRequest request;
    request.set_creq(++creq_);
    request.mutable_stack()->set_name("potion");
    request.mutable_stack()->set_value(count);
    request.set_price(price);
    request.set_duration_s(60);
    return request;
  }
  std::uint64_t list_one() {
    const auto reply = ask<sample::AuctionListReply>(kSeller, listing());
    EXPECT_EQ(reply->code(), proto::OK);
    relay(kSeller);
    return reply->lot();
  }
  proto::Code buy(std::uint64_t who, std::uint64_t lot, std::int64_t price) {
    sample::AuctionBuyRequest request;
    request.set_creq(++creq_);
    request.set_lot(lot);
    request.set_price(price);
    const auto code = ask<sample::AuctionBuyReply>(who, request)->code();
    relay(who);
    return code;
  }
  proto::Code cancel(std::uint64_t who, std::uint64_t lot) {
    sample::AuctionCancelRequest request;
    request.set_creq(++creq_);
    request.set_lot(lot);
    const auto code = ask<sample::AuctionCancelReply>(who, request)->code();
    relay(who);
    return code;
  }
  // The house's word about a lot, with gold perhaps, lies in a player's inbox and is claimed.
  void word_of_house(std::uint64_t player, sample::AuctionMemo::Kind kind, std::uint64_t lot, std::int64_t gold = 0,
                     bool asked = false) {
    inbox_.Clear();
    auto* entry = inbox_.add_entries();
    entry->set_message_id(++words_);
    entry->set_reason(sample::kAuctionReason);
    if (gold != 0) {
      auto* amount = entry->add_balances();
      amount->set_name("gold");
      amount->set_value(gold);
    }
    sample::AuctionMemo memo;
    memo.set_kind(kind);
    memo.set_lot(lot);
    memo.set_asked(asked);
    entry->set_memo(memo.SerializeAsString());
    cluster_->answers<proto::InboxQuery, proto::InboxReply>(kAgent, [this](auto&, auto&) { return inbox_; });
    proto::InboxNotice notice;
    notice.set_player_id(player);
    cluster_->say(kAgent, notice);
    cluster_->run(milliseconds(50));
  }
  int lots() {
    cluster_->run(seconds(1));
    const auto reply = ask<sample::AuctionBrowseReply>(kBuyer, sample::AuctionBrowseRequest());
    return reply ? reply->lots_size() : -1;
  }
  // What left the house, as "to:what:balance".
  std::vector<std::string> left() {
    std::vector<std::string> all;
    const auto out = store::ask<proto::OutboxReply>(*store_, proto::OutboxQuery());
    for (const auto& letter : out.pending()) {
      sample::AuctionMemo memo;
      memo.ParseFromString(letter.memo());
      std::string line = std::to_string(letter.player_id()) + ":" + sample::AuctionMemo::Kind_Name(memo.kind());
      for (const auto& amount : letter.balances()) line += ":" + amount.name() + "=" + std::to_string(amount.value());
      all.push_back(line);
    }
    return all;
  }
  proto::Code ask_once() {
    sample::AuctionCancelRequest request;
    request.set_creq(++creq_);
    request.set_lot(999);
    return ask<sample::AuctionCancelReply>(kBuyer, request)->code();
  }
  std::int64_t asked_of(std::uint64_t id) { return player(id).mirror.counter(sample::kAuctionAskedCounter); }
  using Lines = std::vector<std::string>;

  store::TempFolder folder_;
  std::unique_ptr<store::ShardStore> store_;
  proto::InboxReply inbox_;
  std::uint64_t creq_ = 0, words_ = 70;
};

TEST_F(AuctionTest, ALotIsListedSeenAndSoldOnce) {
  const std::uint64_t lot = list_one();
  EXPECT_EQ(player(kSeller).mirror.balance("potion"), 1);
  EXPECT_EQ(player(kSeller).mirror.balance("gold"), 500 - sample::kAuctionFeeGold);
  EXPECT_EQ(lots(), 1);
  EXPECT_EQ(buy(kBuyer, lot, 50), proto::OK);
  EXPECT_EQ(player(kBuyer).mirror.balance("gold"), 450);
  EXPECT_EQ(left(), (Lines{"2:BOUGHT:potion=2", "1:SOLD:gold=50"}));
  EXPECT_EQ(lots(), 0);
  EXPECT_EQ(buy(kBuyer, lot, 50), proto::OK) << "it is on its way";
  EXPECT_EQ(left().back(), "2:BUY:gold=50") << "and comes back: the lot is gone";
}

TEST_F(AuctionTest, WhatIsNotAsAskedComesBackWhole) {
  const std::uint64_t lot = list_one();
  EXPECT_EQ(buy(kBuyer, lot, 49), proto::OK);
  EXPECT_EQ(buy(kSeller, lot, 50), proto::OK) << "one's own";
  EXPECT_EQ(left(), (Lines{"2:BUY:gold=49", "1:BUY:gold=50"}));
  EXPECT_EQ(lots(), 1);
}

TEST_F(AuctionTest, OnlyItsSellerCancelsALot) {
  const std::uint64_t lot = list_one();
  EXPECT_EQ(cancel(kBuyer, lot), proto::OK);
  EXPECT_EQ(lots(), 1);
  EXPECT_EQ(cancel(kSeller, lot), proto::OK);
  EXPECT_EQ(lots(), 0);
  EXPECT_EQ(left(), (Lines{"2:CANCEL", "1:RETURNED:potion=2"}));
}

TEST_F(AuctionTest, WhenItsTimeIsOverALotGoesHomeAndIsNotSold) {
  const std::uint64_t lot = list_one();
  cluster_->run(seconds(63), milliseconds(100));
  EXPECT_EQ(lots(), 0);
  EXPECT_EQ(left(), (Lines{"1:RETURNED:potion=2"}));
  buy(kBuyer, lot, 50);
  EXPECT_EQ(left().back(), "2:BUY:gold=50");
}

TEST_F(AuctionTest, WhoAsksForNothingAgainAndAgainWaitsForItsAnswers) {
  int taken = 0;
  while (ask_once() == proto::OK && taken < 100) ++taken;
  EXPECT_EQ(taken, 8);
  EXPECT_EQ(ask_once(), proto::BUSY);
  EXPECT_EQ(ask<sample::AuctionListReply>(kSeller, listing())->code(), proto::OK) << "others are served";
  // One is answered: there is room for one more.
  word_of_house(kBuyer, sample::AuctionMemo::CANCEL, 999);
  EXPECT_EQ(ask_once(), proto::OK);
  EXPECT_EQ(ask_once(), proto::BUSY);
}

// As after a change of zone to another general, or a new login: all that is left of it is its row.
TEST_F(AuctionTest, WhatIsOnItsWayIsOnItsWayWhereverItsSenderComes) {
  EXPECT_EQ(ask_once(), proto::OK);
  EXPECT_EQ(asked_of(kBuyer), 1);
  cluster_->run(milliseconds(50));
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].effects_size(), 2) << "in the same operation";
  lobby_->forget(PlayerId(kBuyer));
  auto* asked = rows_[kBuyer].add_counters();
  asked->set_name(sample::kAuctionAskedCounter);
  asked->set_value(8);
  ASSERT_EQ(admit(kBuyer).code(), proto::OK);
  cluster_->run(seconds(2));
  EXPECT_EQ(ask_once(), proto::BUSY);
  sample::AuctionBuyRequest bid;
  bid.set_creq(++creq_);
  bid.set_lot(999);
  bid.set_price(1);
  EXPECT_EQ(ask<sample::AuctionBuyReply>(kBuyer, bid)->code(), proto::BUSY);
}

TEST_F(AuctionTest, EveryAnswerMakesRoomAndWhatAnswersNothingDoesNot) {
  using Memo = sample::AuctionMemo;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask_once(), proto::OK);
  word_of_house(kBuyer, Memo::SOLD, 9, 50);
  word_of_house(kBuyer, Memo::RETURNED, 9);
  word_of_house(kBuyer, Memo::LIST, 9);
  EXPECT_EQ(asked_of(kBuyer), 8);
  word_of_house(kBuyer, Memo::BOUGHT, 9);
  word_of_house(kBuyer, Memo::BUY, 9, 1);
  word_of_house(kBuyer, Memo::CANCEL, 9);
  word_of_house(kBuyer, Memo::RETURNED, 9, 0, true);
  EXPECT_EQ(asked_of(kBuyer), 4);
}

TEST_F(AuctionTest, AnAnswerToWhatARestoreTookBackIsClaimedAllTheSame) {
  word_of_house(kBuyer, sample::AuctionMemo::BUY, 9, 50);
  EXPECT_EQ(player(kBuyer).mirror.balance("gold"), 550);
  EXPECT_EQ(asked_of(kBuyer), 0);
}

TEST_F(AuctionTest, WhileOneBrowserWaitsForTheBookItIsNotReadForOthers) {
  list_one();
  const sample::AuctionBrowseRequest request;
  int reads = 0;
  bool answers = false;
  cluster_->answers<proto::OwnerlessRead, proto::OwnerlessReadReply>(
      kAgent, [&](auto&, const auto& read) -> std::optional<proto::OwnerlessReadReply> {
        ++reads;
        if (!answers) return std::nullopt;
        return store::ask<proto::OwnerlessReadReply>(*store_, read, shard_now());
      });
  client(kBuyer, request);
  EXPECT_EQ(reads, 1);
  for (int i = 0; i < 10; ++i) {
    const auto other = ask<sample::AuctionBrowseReply>(kSeller, request);
    ASSERT_TRUE(other.has_value());
    EXPECT_EQ(other->code(), proto::BUSY) << "nothing was shown yet";
  }
  EXPECT_EQ(reads, 1);
  // Who waited is gone: the next one reads.
  lobby_->forget(PlayerId(kBuyer));
  cluster_->turn();
  answers = true;
  EXPECT_EQ(ask<sample::AuctionBrowseReply>(kSeller, request)->lots_size(), 1);
  cluster_->run(milliseconds(900));
  answers = false;
  ASSERT_EQ(admit(kBuyer).code(), proto::OK);
  cluster_->run(milliseconds(200));
  reads = 0;
  client(kBuyer, request);
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(ask<sample::AuctionBrowseReply>(kSeller, request)->lots_size(), 1) << "as it was shown last";
  EXPECT_EQ(reads, 1);
}

TEST_F(AuctionTest, WhoHasListedAllThatOneMayIsToldAtTheDoor) {
  proto::Operation stock;
  stock.add_effects()->mutable_balance()->set_currency("potion");
  stock.mutable_effects(0)->mutable_balance()->set_delta(50);
  ASSERT_EQ(player(kSeller).mirror.apply(stock), Mirror::Guard::kOk);
  for (std::size_t lot = 0; lot < sample::kAuctionLotsOfOne; ++lot) {
    ASSERT_EQ(ask<sample::AuctionListReply>(kSeller, listing(1))->code(), proto::OK);
    relay(kSeller);
  }
  ASSERT_EQ(lots(), 20);
  const std::int64_t gold = player(kSeller).mirror.balance("gold");
  EXPECT_EQ(ask<sample::AuctionListReply>(kSeller, listing(1))->code(), proto::FULL);
  EXPECT_EQ(player(kSeller).mirror.balance("gold"), gold) << "with its fee";
  EXPECT_EQ(ask<sample::AuctionListReply>(kBuyer, listing(1))->code(), proto::OK) << "others may";
  cluster_->run(seconds(5));
  EXPECT_EQ(ask<sample::AuctionListReply>(kSeller, listing(1))->code(), proto::OK)
      << "nobody looked lately: the house judges";
}

TEST_F(AuctionTest, NonsenseIsRefusedAndNothingLeaves) {
  const auto code = [this](const sample::AuctionListRequest& request) {
    return ask<sample::AuctionListReply>(kSeller, request)->code();
  };
  EXPECT_EQ(code(listing(0)), proto::INVALID);
  EXPECT_EQ(code(listing(-1)), proto::INVALID);
  EXPECT_EQ(code(listing(INT64_MAX)), proto::INVALID);
  EXPECT_EQ(code(listing(4)), proto::NOT_ENOUGH);
  EXPECT_EQ(code(listing(1, 0)), proto::INVALID);
  EXPECT_EQ(code(listing(1, INT64_MAX)), proto::INVALID);
  auto gold = listing();
  gold.mutable_stack()->set_name("gold");
  EXPECT_EQ(code(gold), proto::INVALID);
  auto moon = listing();
  moon.mutable_stack()->set_name("moon");
  EXPECT_EQ(code(moon), proto::NOT_FOUND);
  auto item = listing();
  item.mutable_item()->set_low(5);
  EXPECT_EQ(code(item), proto::NOT_FOUND);
  auto nothing = listing();
  nothing.clear_goods();
  EXPECT_EQ(code(nothing), proto::INVALID);
  auto brief = listing();
  brief.set_duration_s(59);
  EXPECT_EQ(code(brief), proto::INVALID);
  auto eternal = listing();
  eternal.set_duration_s(INT64_MAX);
  EXPECT_EQ(code(eternal), proto::INVALID);
  EXPECT_EQ(buy(kBuyer, 0, 5), proto::INVALID);
  EXPECT_EQ(buy(kBuyer, 7, 0), proto::INVALID);
  EXPECT_EQ(buy(kBuyer, 7, 501), proto::NOT_ENOUGH);
  EXPECT_EQ(cancel(kSeller, 0), proto::INVALID);
  EXPECT_TRUE(left().empty());
  EXPECT_EQ(player(kSeller).mirror.balance("gold"), 500);
}

TEST_F(AuctionTest, TheSwitchClosesTheHouse) {
  proto::SwitchesNotice notice;
  auto* off = notice.add_switches();
  off->set_name("auction");
  off->set_on(false);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  EXPECT_EQ(ask<sample::AuctionListReply>(kSeller, listing())->code(), proto::CLOSED);
}

TEST_F(AuctionTest, WhatComesFromTheHouseIsTold) {
  word_of_house(kSeller, sample::AuctionMemo::SOLD, 9, 50);
  const auto told_so = told<sample::AuctionNotice>();
  ASSERT_TRUE(told_so.has_value());
  EXPECT_EQ(told_so->what(), sample::AuctionMemo::SOLD);
  EXPECT_EQ(told_so->lot(), 9u);
  EXPECT_EQ(player(kSeller).mirror.balance("gold"), 550);
}

}  // namespace
}  // namespace dure::test
