// Three players who stand together in town; the first has a sword. Trades are held until a test ends them.
#pragma once
#include "common/proto/trade.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {

using sample::TradeTable;
inline const ItemId kSword{0, 77};

class TradesTest : public LobbyTest {
 protected:
  TradesTest() {
    for (const std::uint64_t id : {1, 2, 3}) {
      proto::Admit request;
      request.set_zone("town");
      request.set_channel(1);
      EXPECT_EQ(admit(id, request).code(), proto::OK);
      player(id).position = {12800, 13000};
    }
    proto::Operation mint;
    mint.set_reason("loot");
    auto* item = mint.add_effects()->mutable_mint()->mutable_item();
    *item->mutable_id() = uid_of(kSword);
    item->set_template_("rusty_sword");
    EXPECT_EQ(player(1).mirror.apply(mint), Mirror::Guard::kOk);
    cluster_->run(milliseconds(100));
    cluster_->forget_sent();
    // The database: both legs are held until end() says what became of them.
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(kAgent, [this](auto&, const auto& request) {
      proto::ApplyReply saved;
      for (const auto& operation : request.operations()) {
        applied_.push_back(operation);
        saved.set_saved_pseq(operation.pseq());
        if (operation.has_trade()) legs_[request.player_id()] = operation;
      }
      return saved;
    });
  }
  template <class Reply, class Request>
  proto::Code code(std::uint64_t id, const Request& request) {
    const auto reply = ask<Reply>(id, request);
    return reply ? reply->code() : proto::INTERNAL;
  }
  proto::Code invite(std::uint64_t host, std::uint64_t guest) {
    sample::TradeInviteRequest request;
    request.set_player(guest);
    const auto reply = ask<sample::TradeInviteReply>(host, request);
    if (reply->code() == proto::OK) table_ = reply->table();
    return reply->code();
  }
  proto::Code accept(std::uint64_t id, bool yes = true) {
    sample::TradeAnswerRequest request;
    request.set_table(table_);
    request.set_accept(yes);
    return code<sample::TradeAnswerReply>(id, request);
  }
  proto::Code offer(std::uint64_t id, std::int64_t gold, std::vector<ItemId> items = {}) {
    sample::TradeOfferRequest request;
    request.set_table(table_);
    if (gold != 0) {
      request.add_amounts()->set_name("gold");
      request.mutable_amounts(0)->set_value(gold);
    }
    for (const ItemId& item : items) *request.add_items() = uid_of(item);
    return code<sample::TradeOfferReply>(id, request);
  }
  std::uint64_t revision() {
    std::uint64_t newest = 0;
    while (const auto table = told<TradeTable>()) newest = table->revision();
    return newest_ = newest == 0 ? newest_ : newest;
  }
  proto::Code lock(std::uint64_t id, std::uint64_t at) {
    sample::TradeLockRequest request;
    request.set_table(table_);
    request.set_revision(at);
    return code<sample::TradeLockReply>(id, request);
  }
  proto::Code confirm(std::uint64_t id, std::uint64_t creq, std::uint64_t at) {
    sample::TradeConfirmRequest request;
    request.set_creq(creq);
    request.set_table(table_);
    request.set_revision(at);
    return code<sample::TradeConfirmReply>(id, request);
  }
  proto::Code cancel(std::uint64_t id) {
    sample::TradeCancelRequest request;
    request.set_table(table_);
    return code<sample::TradeCancelReply>(id, request);
  }
  void sit() {
    ASSERT_EQ(invite(1, 2), proto::OK);
    ASSERT_EQ(accept(2), proto::OK);
  }
  void lock_both() {
    const std::uint64_t at = revision();
    ASSERT_EQ(lock(1, at), proto::OK);
    ASSERT_EQ(lock(2, at), proto::OK);
  }
  // Both sit at a table with what the first offers, have locked it, and the first has agreed with its number 5.
  // Answers the revision that they agree to.
  std::uint64_t agree_first(std::int64_t gold, std::vector<ItemId> items = {}) {
    sit();
    EXPECT_EQ(offer(1, gold, std::move(items)), proto::OK);
    lock_both();
    const std::uint64_t at = revision();
    EXPECT_EQ(confirm(1, 5, at), proto::OK);
    return at;
  }
  // By the first, with its number 6.
  proto::Code buy_potions(std::uint32_t count) {
    sample::BuyRequest buy;
    buy.set_creq(6);
    buy.set_npc("Mira");
    buy.set_template_("potion");
    buy.set_count(count);
    return code<sample::BuyReply>(1, buy);
  }
  // The last word that both were told of the table: phase and why.
  std::optional<TradeTable> last_word() {
    std::optional<TradeTable> last;
    while (auto table = told<TradeTable>()) last = std::move(table);
    return last;
  }
  void end(bool committed) {
    for (const auto& [id, leg] : legs_) {
      proto::TradeNotice notice;
      notice.set_player_id(id);
      notice.set_player_epoch(player(id).epoch);
      auto* outcome = notice.mutable_outcome();
      *outcome->mutable_txn() = leg.trade().terms().txn();
      outcome->set_state(committed ? proto::LEG_COMMITTED : proto::LEG_ABORTED);
      const auto& got = leg.trade().terms().sides(static_cast<int>(1 - leg.trade().side()));
      if (committed) *outcome->mutable_credited() = got.give();
      for (const auto& item : got.items())
        if (committed) *outcome->add_items()->mutable_id() = item.item();
      cluster_->say(kAgent, notice);
    }
    cluster_->turn();
  }
  std::int64_t gold(std::uint64_t id) { return player(id).mirror.balance("gold"); }

  std::uint64_t table_ = 0, newest_ = 0;
  std::map<std::uint64_t, proto::Operation> legs_;
};

}  // namespace dure::test
