#include "tests/sim/disk.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure::sim {
namespace {
constexpr std::size_t kSector = 512;
constexpr std::uint64_t kErrorOneIn = 50, kSyncFailureOneIn = 3, kFlipOneIn = 300;
}  // namespace

Disk::Disk(std::uint64_t seed)
    : vfs_name_("disk-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))), rng_(seed, 0xd15c) {
  make_vfs(this, vfs_name_.c_str(), &vfs_);
  CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

Disk::~Disk() { sqlite3_vfs_unregister(&vfs_); }

void Disk::process_died() {
  ++life_;
  for (const auto& [name, file] : files_) file->locks.clear();
}

void Disk::replace(const std::string& name, std::string bytes) {
  for (const char* beside : {"", "-wal", "-shm", "-journal"}) remove(name + beside, true);
  File& file = *open(name, true);
  file.live = file.durable = std::move(bytes);
  sync_folder();
}

void Disk::set(DiskFault fault, bool on) {
  if (on)
    faults_.insert(fault);
  else
    faults_.erase(fault);
}

Disk::File* Disk::open(const std::string& name, bool create) {
  const auto at = files_.find(name);
  if (at != files_.end()) return at->second.get();
  if (!create) return nullptr;
  auto file = std::make_unique<File>();
  file->name = name;
  return (files_[name] = std::move(file)).get();
}

void Disk::remove(const std::string& name, bool synced) {
  const auto at = files_.find(name);
  if (at == files_.end()) return;
  std::unique_ptr<File> file = std::move(at->second);
  files_.erase(at);
  if (file->entry_durable)
    removed_[name] = std::move(file);
  else
    closed_.push_back(std::move(file));
  if (synced) sync_folder();
}

void Disk::sync_folder() {
  for (const auto& [name, file] : files_) file->entry_durable = true;
  for (auto& [name, file] : removed_) closed_.push_back(std::move(file));
  removed_.clear();
}

int Disk::read(const File& file, std::uint64_t at, std::string_view* bytes, std::size_t length) {
  if (!calm_ && faults_.count(DiskFault::kErrors) != 0 && rng_.below(kErrorOneIn) == 0) {
    ++figures_.errors;
    return SQLITE_IOERR_READ;
  }
  *bytes = at < file.live.size() ? std::string_view(file.live).substr(at, length) : std::string_view();
  if (!calm_ && faults_.count(DiskFault::kFlips) != 0 && rng_.below(kFlipOneIn) == 0) flip_a_bit(file, bytes);
  return SQLITE_OK;
}

void Disk::flip_a_bit(const File& file, std::string_view* bytes) {
  if (bytes->empty() || (!file.name.ends_with(".db") && !file.name.ends_with("-wal"))) return;
  ++figures_.flips;
  flipped_ = *bytes;
  char& byte = flipped_[rng_.below(flipped_.size())];
  byte = static_cast<char>(byte ^ (1 << rng_.below(8)));
  *bytes = flipped_;
}

int Disk::write(File& file, std::uint64_t at, std::string_view bytes) {
  int code = SQLITE_OK;
  if (faults_.count(DiskFault::kErrors) != 0 && rng_.below(kErrorOneIn) == 0) {
    ++figures_.errors;
    code = SQLITE_IOERR_WRITE;
  } else if (faults_.count(DiskFault::kFull) != 0 && at + bytes.size() > file.live.size()) {
    ++figures_.refused;
    code = SQLITE_FULL;
  }
  if (code != SQLITE_OK) bytes = bytes.substr(0, rng_.below(bytes.size() + 1));
  if (!bytes.empty()) put(file, {at, std::string(bytes), false});
  return code;
}

void Disk::truncate(File& file, std::uint64_t size) { put(file, {size, {}, true}); }

void Disk::put(File& file, Change change) {
  apply(change, &file.live);
  file.unsynced.push_back(std::move(change));
}

void Disk::apply(const Change& change, std::string* plane) {
  if (change.cuts) return plane->resize(change.at);
  if (plane->size() < change.at + change.bytes.size()) plane->resize(change.at + change.bytes.size());
  plane->replace(change.at, change.bytes.size(), change.bytes);
}

int Disk::sync(File& file) {
  ++figures_.syncs;
  if (faults_.count(DiskFault::kSyncFails) != 0 && rng_.below(kSyncFailureOneIn) == 0) {
    ++figures_.failed_syncs;
    lose_some(file);
    if (rng_.chance(0.5)) file.live = file.durable;
    return silent_ ? SQLITE_OK : SQLITE_IOERR_FSYNC;
  }
  for (const Change& change : file.unsynced) apply(change, &file.durable);
  file.unsynced.clear();
  // As SQLite does it on Linux, where that is about every name in the folder.
  if (!file.entry_durable) sync_folder();
  return SQLITE_OK;
}

// Nothing arrived; or the first ones, and a part of the next; or any sector of any.
void Disk::lose_some(File& file) {
  const auto way = rng_.below(3);
  const std::size_t whole = way == 1 ? rng_.below(file.unsynced.size() + 1) : 0;
  for (std::size_t n = 0; n < file.unsynced.size(); ++n) {
    const Change& change = file.unsynced[n];
    const bool torn = way == 2 || (way == 1 && n == whole);
    if (way == 1 && n < whole) {
      apply(change, &file.durable);
    } else if (!torn) {
      ++figures_.lost;
    } else if (change.cuts) {
      if (rng_.chance(0.5)) apply(change, &file.durable);
    } else {
      ++figures_.torn;
      for (std::size_t from = 0; from < change.bytes.size();) {
        const std::size_t length =
            std::min(change.bytes.size() - from, kSector - static_cast<std::size_t>((change.at + from) % kSector));
        if (rng_.chance(0.5)) apply({change.at + from, change.bytes.substr(from, length), false}, &file.durable);
        from += length;
      }
    }
  }
  file.unsynced.clear();
}

void Disk::power_cut() {
  ++figures_.power_cuts;
  process_died();
  // What was removed may come back, unless its name is taken again.
  for (auto& [name, file] : removed_) {
    if (files_.count(name) == 0 && rng_.chance(0.5))
      files_[name] = std::move(file);
    else
      closed_.push_back(std::move(file));
  }
  removed_.clear();
  for (auto at = files_.begin(); at != files_.end();) {
    File& file = *at->second;
    lose_some(file);
    file.live = file.durable;
    if (!file.entry_durable && rng_.chance(0.5)) {
      closed_.push_back(std::move(at->second));
      at = files_.erase(at);
    } else {
      file.entry_durable = true;
      ++at;
    }
  }
}

}  // namespace dure::sim
