#include "tools/gm/gm_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dure {
namespace {

std::string hex(const std::string& bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

Result<> write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(fd) != 0 || !whole) return fail(Trouble::kIo, path + ": could not be written");
  return {};
}

GmKey key_of(const std::string& seed) {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0'), secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(public_key.data()),
                           reinterpret_cast<unsigned char*>(secret.data()),
                           reinterpret_cast<const unsigned char*>(seed.data()));
  return {secret, hex(public_key)};
}

}  // namespace

Result<GmKey> make_gm_key(const std::string& path) {
  if (sodium_init() < 0) return fail(Trouble::kIo, "libsodium has no randomness");
  std::string seed(crypto_sign_SEEDBYTES, '\0');
  randombytes_buf(seed.data(), seed.size());
  GmKey key = key_of(seed);
  if (std::filesystem::exists(path + ".pub")) return fail(Trouble::kIo, path + ".pub: File exists");
  if (auto written = write_new(path, hex(seed) + "\n", 0600); !written) return tl::unexpected<Error>(written.error());
  if (auto written = write_new(path + ".pub", key.public_hex + "\n", 0644); !written)
    return tl::unexpected<Error>(written.error());
  return key;
}

Result<GmKey> read_gm_key(const std::string& path, bool others_may_read) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  if (!others_may_read && (facts.st_mode & 077) != 0)
    return fail(Trouble::kInvalid, path + ": others may read this secret; chmod 600 it");
  if (sodium_init() < 0) return fail(Trouble::kIo, "libsodium has no randomness");
  std::ifstream in(path);
  std::string text;
  in >> text;
  std::string seed(crypto_sign_SEEDBYTES, '\0');
  std::size_t length = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(seed.data()), seed.size(), text.data(), text.size(), nullptr,
                     &length, nullptr) != 0 ||
      length != seed.size() || text.size() != 2 * seed.size())
    return fail(Trouble::kInvalid, path + ": is not a secret key (64 hex digits)");
  return key_of(seed);
}

int run_keygen(const std::string& path) {
  const auto key = make_gm_key(path);
  if (!key) {
    std::fprintf(stderr, "dure keygen: %s\n", key.error().detail.c_str());
    return 1;
  }
  std::printf("secret key  %s (keep it)\npublic key  %s (for gm.public_keys in the config)\n", path.c_str(),
              key->public_hex.c_str());
  return 0;
}

}  // namespace dure
