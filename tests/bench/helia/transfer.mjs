// One side of a transfer between two Helia nodes over loopback and bitswap, for bench_storage.py.
// `serve FILE` prints "READY MULTIADDR CID" and serves from memory until its input ends;
// `fetch MULTIADDR CID` prints "SECONDS S BYTES N". Nothing but 127.0.0.1 is listened on or dialled.
import { createReadStream } from 'node:fs'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { MemoryDatastore } from 'datastore-core'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const [role, ...rest] = process.argv.slice(2)
const helia = withBitswap(
  withLibp2pLight(
    createHeliaLight({ blockstore: new MemoryBlockstore(), datastore: new MemoryDatastore() }),
    {
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() }
    }
  )
)
await helia.start()
const fs = unixfs(helia)

if (role === 'serve') {
  const cid = await fs.addByteStream(createReadStream(rest[0], { highWaterMark: 1 << 20 }))
  console.log(`READY ${helia.libp2p.getMultiaddrs()[0]} ${cid}`)
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
} else {
  await helia.libp2p.dial(multiaddr(rest[0]))
  const started = performance.now()
  let bytes = 0
  for await (const piece of fs.cat(CID.parse(rest[1]))) {
    bytes += piece.byteLength
  }
  console.log(`SECONDS ${(performance.now() - started) / 1000} BYTES ${bytes}`)
  process.exit(0)
}
