"""Merkle trees of RFC 6962, section 2.1, word for word, and nothing else.

As a program it prints roots and proofs for tests/vectors/merkle-proofs.txt;
witness_stub.py checks what a witness is sent with it.
"""
import hashlib


def sha(b):
    return hashlib.sha256(b).digest()


def leaf(data):
    return sha(b"\x00" + data)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d):
    """Merkle tree hash over leaf hashes."""
    if not d:
        return sha(b"")
    if len(d) == 1:
        return d[0]
    k = split(len(d))
    return sha(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m, d):
    """2.1.1: the audit path of leaf m."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return path(m, d[:k]) + [mth(d[k:])]
    return path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], b) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def proof(m, d):
    """2.1.2: from the first m leaves to all of d."""
    return subproof(m, d, True)


def rebuild(m, n, proof_, old):
    """The roots at m and at n that a consistency proof leads to.

    Follows SUBPROOF downwards: each call takes its last hash off.
    """
    def walk(m, n, p, b):
        if m == n:
            if b:
                return old, old
            h = p.pop()
            return h, h
        k = split(n)
        h = p.pop()
        if m <= k:
            a, z = walk(m, k, p, b)
            return a, sha(b"\x01" + z + h)
        a, z = walk(m - k, n - k, p, False)
        return sha(b"\x01" + h + a), sha(b"\x01" + h + z)

    p = list(proof_)
    a, z = walk(m, n, p, True)
    if p:
        raise ValueError("hashes left over")
    return a, z


def main():
    for n in list(range(1, 18)) + [31, 32, 33, 64, 65, 100]:
        d = [leaf(b"leaf %d\n" % i) for i in range(n)]
        root = mth(d)
        print("root", n, root.hex())
        some = range(n) if n < 18 else [0, 1, n // 2 - 1, n // 2, n - 1]
        for i in some:
            p = path(i, d)
            print("inclusion", n, i, len(p), sha(b"".join(p)).hex())
        for m in [i + 1 for i in some]:
            p = proof(m, d)
            assert rebuild(m, n, p, mth(d[:m])) == (mth(d[:m]), root)
            print("consistency", n, m, len(p), sha(b"".join(p)).hex())


if __name__ == "__main__":
    main()
