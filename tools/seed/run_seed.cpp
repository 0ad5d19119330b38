#include "tools/seed/run_seed.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "common/base/check.h"
#include "common/base/ordered_id.h"
#include "common/host/os_entropy.h"
#include "common/proto/config.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"
#include "tools/config/data_files.h"
#include "tools/shards/progress_bar.h"

namespace dure {
namespace {

constexpr std::uint64_t kAccountsAtOnce = 50;
constexpr const char* kReason = "seed";
// As if the accounts had come one after another over half a year, the things of each among those of so many after it:
// over all of them, each thing would be a page of its own in every tree.
constexpr std::uint64_t kAgeMs = 180ull * 86'400'000;
constexpr std::uint64_t kNeighbours = 250;

// Look-alikes are one name to the directory: l and o are left out.
std::string letters(std::uint64_t number) {
  static constexpr char kAlphabet[] = "abcdefghijkmnpqrstuvwxyz";
  std::string text;
  do {
    text += kAlphabet[number % (sizeof kAlphabet - 1)];
    number /= sizeof kAlphabet - 1;
  } while (number > 0);
  while (text.size() < 6) text += 'a';
  return "Seed" + text;
}

// One transaction: requests in, replies out.
template <class Store>
class Requests {
 public:
  explicit Requests(Store& store) : store_(store) {}
  template <class Request>
  void add(const Request& request) {
    auto* item = batch_.add_items();
    item->set_message_id(route_id(Request::descriptor()));
    item->set_body(request.SerializeAsString());
  }
  [[nodiscard]] Result<proto::StoreBatchReply> run() {
    batch_.set_wall_unix_ms(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
    proto::StoreBatchReply reply;
    CHECK(reply.ParseFromString(store_.run(batch_.SerializeAsString())));
    batch_.Clear();
    if (reply.retry()) return fail(Trouble::kIo, reply.detail());
    return reply;
  }

 private:
  Store& store_;
  proto::StoreBatch batch_;
};

struct Character {
  std::uint64_t account = 0, player = 0, reservation = 0;
  std::string name;
};

class Seeder {
 public:
  Seeder(const SeedOptions& options, std::unique_ptr<store::DirectoryStore> directory,
         std::map<std::uint32_t, std::unique_ptr<store::ShardStore>> shards)
      : options_(options), directory_(std::move(directory)), shards_(std::move(shards)) {}

  // Some accounts more, whole: directory, then their shards.
  Result<> write(std::uint64_t count) {
    std::map<std::uint32_t, std::vector<Character>> made;
    if (auto named = name(count, &made); !named) return named;
    for (const auto& [shard, characters] : made)
      if (auto filled = fill(shard, characters); !filled) return filled;
    oldest_ += milliseconds(count * ms_between_);
    return {};
  }

 private:
  Result<> name(std::uint64_t count, std::map<std::uint32_t, std::vector<Character>>* made) {
    Requests<store::DirectoryStore> accounts(*directory_), reserve(*directory_), claim(*directory_);
    proto::AccountQuery query;
    query.set_create(true);
    for (std::uint64_t i = 0; i < count; ++i) {
      query.set_account(letters(entropy_.u64() >> 16));
      accounts.add(query);
    }
    const auto created = accounts.run();
    if (!created) return tl::unexpected<Error>(created.error());
    std::vector<Character> all;
    for (const auto& item : created->items()) {
      proto::AccountReply account;
      if (!account.ParseFromString(item.body()) || account.code() != proto::STORED) continue;
      for (std::uint32_t i = 0; i < options_.characters; ++i) {
        Character character{account.account_id(), entropy_.id63(), entropy_.id63(), letters(entropy_.u64() >> 16)};
        proto::ReserveName request;
        request.set_name(character.name);
        request.set_player_id(character.player);
        request.set_account_id(character.account);
        request.set_reservation(character.reservation);
        reserve.add(request);
        (*made)[account.shard()].push_back(character);
        proto::ClaimName claimed;
        claimed.set_name(character.name);
        claimed.set_player_id(character.player);
        claimed.set_reservation(character.reservation);
        claim.add(claimed);
      }
    }
    if (const auto reserved = reserve.run(); !reserved) return tl::unexpected<Error>(reserved.error());
    if (const auto claimed = claim.run(); !claimed) return tl::unexpected<Error>(claimed.error());
    return {};
  }

  Result<> fill(std::uint32_t shard, const std::vector<Character>& characters) {
    const auto at = shards_.find(shard);
    if (at == shards_.end())
      return fail(Trouble::kInvalid, "the directory puts accounts on shard " + std::to_string(shard));
    Requests<store::ShardStore> requests(*at->second);
    for (const Character& character : characters) {
      proto::CreatePlayerRequest create;
      create.set_shard(shard);
      create.set_player_id(character.player);
      create.set_account_id(character.account);
      create.set_realm_id(1);
      create.set_name(character.name);
      create.set_reservation(character.reservation);
      requests.add(create);
      proto::AcquireRequest acquire;
      acquire.set_shard(shard);
      acquire.set_player_id(character.player);
      acquire.mutable_owner_incarnation()->set_high(owner_);
      acquire.set_acquire_id(entropy_.u64() | 1);
      requests.add(acquire);
      requests.add(belongings(shard, character));
    }
    const auto done = requests.run();
    if (!done) return tl::unexpected<Error>(done.error());
    proto::ApplyReply reply;
    for (int i = 2; i < done->items_size(); i += 3)
      if (!reply.ParseFromString(done->items(i).body()) || reply.code() != proto::STORED)
        return fail(Trouble::kInvalid, "shard " + std::to_string(shard) + ": " + reply.detail());
    return {};
  }

  proto::ApplyRequest belongings(std::uint32_t shard, const Character& character) {
    proto::ApplyRequest apply;
    apply.set_shard(shard);
    apply.set_player_id(character.player);
    apply.set_epoch(1);
    apply.mutable_owner_incarnation()->set_high(owner_);
    auto* operation = apply.add_operations();
    operation->set_pseq(1);
    operation->set_reason(kReason);
    for (const auto& balance : options_.balances) {
      auto* amount = operation->add_effects()->mutable_balance();
      amount->set_currency(balance);
      amount->set_delta(options_.gold);
    }
    for (std::uint32_t i = 0; i < options_.items && !options_.templates.empty(); ++i) {
      auto* item = operation->add_effects()->mutable_mint()->mutable_item();
      const auto later = milliseconds(entropy_.u64() % (kNeighbours * ms_between_));
      const ItemId id = ordered_id(WallTime(oldest_ + later), entropy_);
      item->mutable_id()->set_high(id.high);
      item->mutable_id()->set_low(id.low);
      item->set_template_(options_.templates[i % options_.templates.size()]);
    }
    return apply;
  }

  const SeedOptions& options_;
  std::unique_ptr<store::DirectoryStore> directory_;
  std::map<std::uint32_t, std::unique_ptr<store::ShardStore>> shards_;
  OsEntropy entropy_;
  const std::uint64_t ms_between_ = std::max<std::uint64_t>(1, kAgeMs / (options_.accounts + kNeighbours));
  // Of the next accounts' things.
  Duration oldest_ = std::chrono::system_clock::now().time_since_epoch() - milliseconds(kAgeMs);
  std::uint64_t owner_ = entropy_.u64() | 1;  // a process that never was
};

int refuse(const Error& error) {
  std::fprintf(stderr, "dure seed: %s\n", error.detail.c_str());
  return error.trouble == Trouble::kInvalid ? kExitConfig : 1;
}

}  // namespace

int run_seed(const Config& config, const SeedOptions& options) {
  const auto& cluster = config.base().cluster();
  std::error_code made;
  std::filesystem::create_directories(cluster.data_dir(), made);
  OsEntropy entropy;
  const auto common = [&](auto* file, const std::string& path) {
    file->path = path;
    file->cluster_id = cluster.cluster_id();
    file->realm_id = cluster.realm_id();
    file->agent_incarnation = {entropy.u64(), entropy.u64()};
    file->sync = false;
  };
  store::DirectoryOptions directory_options;
  common(&directory_options, directory_path(data_folder(config)));
  directory_options.first_shard = 1;
  directory_options.shards = cluster.shard_count();
  auto directory = store::DirectoryStore::open(directory_options);
  if (!directory) return refuse(directory.error());
  std::map<std::uint32_t, std::unique_ptr<store::ShardStore>> shards;
  for (std::uint32_t shard = 1; shard <= cluster.shard_count(); ++shard) {
    store::ShardOptions shard_options;
    common(&shard_options, shard_path(data_folder(config), shard));
    shard_options.shard = shard;
    shard_options.content_guards = false;
    auto opened = store::ShardStore::open(shard_options);
    if (!opened) return refuse(opened.error());
    shards[shard] = std::move(*opened);
  }
  Seeder seeder(options, std::move(*directory), std::move(shards));
  ProgressBar bar;
  const auto from = std::chrono::steady_clock::now();
  for (std::uint64_t done = 0; done < options.accounts;) {
    const std::uint64_t count = std::min(kAccountsAtOnce, options.accounts - done);
    if (const auto written = seeder.write(count); !written) return refuse(written.error());
    done += count;
    bar.show(static_cast<double>(done) / static_cast<double>(options.accounts), std::to_string(done) + " accounts");
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  const double items = static_cast<double>(options.accounts) * options.characters * options.items;
  std::printf("%llu accounts, %.0f items in %.1f s: %.0f items/s\n", static_cast<unsigned long long>(options.accounts),
              items, took, took > 0 ? items / took : 0);
  return 0;
}

}  // namespace dure
