#include "dbagent/store/shard_store.h"

#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/batch.h"
#include "dbagent/store/books.h"
#include "dbagent/store/content_guard.h"
#include "dbagent/store/history.h"
#include "dbagent/store/move.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/rollback.h"
#include "dbagent/store/shard.h"
#include "dbagent/store/trade.h"

namespace dure::store {

namespace {

// What a closed shard does nevertheless: it is read, it is reconciled, and what registers have decided for ever is
// heard.
template <class Request>
constexpr bool also_when_closed() {
  using std::is_same_v;
  return is_same_v<Request, proto::AuditRequest> || is_same_v<Request, proto::ItemLifeQuery> ||
         is_same_v<Request, proto::PlayerLedgerQuery> || is_same_v<Request, proto::EconomyQuery> ||
         is_same_v<Request, proto::EconomyWatch> || is_same_v<Request, proto::ShardFiguresQuery> ||
         is_same_v<Request, proto::UnsettledMoves> || is_same_v<Request, proto::MoveActivate> ||
         is_same_v<Request, proto::OpenHoldsQuery> || is_same_v<Request, proto::TradeFinish> ||
         is_same_v<Request, proto::MoveUnfreeze> || is_same_v<Request, proto::MoveDiscard> ||
         is_same_v<Request, proto::SettleCreation> || is_same_v<Request, proto::FactsQuery> ||
         is_same_v<Request, proto::Reconcile> || is_same_v<Request, proto::AccountsHere> ||
         is_same_v<Request, proto::GiveUpAccount> || is_same_v<Request, proto::ExpectPlayers> ||
         is_same_v<Request, proto::ClosedQuery> || is_same_v<Request, proto::OpenShard> ||
         is_same_v<Request, proto::KeptContent> || is_same_v<Request, proto::BringBack> ||
         is_same_v<Request, proto::MovesBalance> || is_same_v<Request, proto::BalanceMoves> ||
         is_same_v<Request, proto::ItemsLetGo> || is_same_v<Request, proto::ItemTraces> ||
         is_same_v<Request, proto::PlayerAtQuery> || is_same_v<Request, proto::TradeQuery>;
}

}  // namespace

struct ShardStore::Parts {
  std::unique_ptr<StoreFile> file;
  WaitingLegs waiting;
  ContentShelf content;
  Shard shard;
  Batch batch;
  Books books;
  Backup backup{file->database()};
  bool closed = store::closed(file->database());  // as it was before this batch

  Parts(std::unique_ptr<StoreFile> opened, const ShardOptions& options)
      : file(std::move(opened)),
        shard{*file, file->database(), options.shard, options.characters_max, {}},
        batch(*file, &waiting) {
    shard.waiting = &waiting;
    if (options.content_guards) content.load(file->database());
    shard.content = &content;
    on(&acquire);
    on(&who_owns);
    on(&apply);
    batch.on_notice<proto::HintWrite>([this](const proto::HintWrite& request) {
      if (!closed) write_hint(shard, request);
    });
    on(&deliver);
    on(&characters);
    on(&create_player);
    on(&delete_player);
    on(&audit_page);
    on(&pending_outbox);
    on(&outbox_sent);
    on(&freeze);
    on(&move_content);
    on<proto::MoveCopy>(&copy);
    on(&activate);
    on(&retire);
    on(&unfreeze);
    on(&discard);
    on(&unsettled_moves);
    on(&shard_figures);
    on(&unclaimed_inbox);
    on(&apply_ownerless);
    on(&read_ownerless);
    on(&settle_creation);
    on(&due_for_purge);
    on(&purge_player);
    on(&cast);
    on(&verdict);
    on(&finish);
    on(&open_holds);
    on(&leg_state);
    on(&item_life);
    on(&player_ledger);
    on(&economy);
    on(&economy_jumps);
    on(&facts);
    on(&reconcile);
    on(&items_let_go);
    on(&item_traces);
    on(&accounts_here);
    on(&give_up_account);
    on(&kept_content);
    on(&bring_back);
    on(&moves_balance);
    on(&balance_moves);
    on(&expect_players);
    on(&closed_state);
    on(&open_shard);
    on(&player_at);
    on(&trade_record);
    on(&rollback_done);
    on(&apply_rollback);
    on(&install_content);
    batch.on<proto::ShardBackup, proto::BackupState>([this](const proto::ShardBackup& request) {
      require(request.shard() == shard.number, "shard");
      return backup.answer(file->shard_time(), request.backup_id(), request.path(), request.finish(), request.cancel());
    });
    batch.on<proto::BooksQuery, proto::BooksReply>(
        [this](const proto::BooksQuery& request) { return books.answer(shard, request); });
    shard.tell = [this](const proto::StoreEvent& event) { batch.tell(event); };
  }
  template <class Request, class Reply>
  void on(Reply (*transition)(Shard&, const Request&)) {
    batch.on<Request, Reply>([this, transition](const Request& request) {
      if (also_when_closed<Request>() || !closed) return transition(shard, request);
      Reply reply;
      reply.set_code(proto::RETRY);
      if constexpr (requires { reply.set_detail(""); }) reply.set_detail("closed since a restore");
      return reply;
    });
  }
};

ShardStore::ShardStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ShardStore::~ShardStore() = default;

Result<std::unique_ptr<ShardStore>> ShardStore::open(const ShardOptions& options) try {
  auto file = StoreFile::open(options, "shard", kShardSchema);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<ShardStore>(new ShardStore(std::make_unique<Parts>(std::move(*file), options)));
} catch (const SqlTrouble& trouble) {
  return fail(Trouble::kIo, options.path + ": " + trouble.what());
}

std::string ShardStore::run(std::string_view batch) {
  std::string reply = parts_->batch.run(batch);
  // Whoever opened it is told so by this batch's reply; what comes after it finds it open.
  try {
    if (parts_->closed && !failed()) parts_->closed = closed(parts_->file->database());
  } catch (const SqlTrouble&) {
  }
  return reply;
}
bool ShardStore::failed() const { return parts_->batch.failed(); }
const std::string& ShardStore::failure() const { return parts_->batch.failure(); }
std::uint64_t ShardStore::faults() const { return parts_->batch.faults(); }
Database& ShardStore::database() { return parts_->file->database(); }
Result<> ShardStore::between_commits() try {
  parts_->books.between_commits(parts_->file->database());
  parts_->backup.between_commits(parts_->file->shard_time());
  return {};
} catch (const SqlTrouble& trouble) {
  if (trouble.fatal()) return fail(Trouble::kIo, parts_->file->options().path + ": " + trouble.what());
  return {};
}
Result<bool> ShardStore::check_in_background() { return parts_->file->check_next_pages(); }

}  // namespace dure::store
