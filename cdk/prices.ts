/** What AWS asks for what this stack uses, in US dollars. */
export interface Prices {
  /** Where these prices hold, and when they were written down. */
  readonly region: string;
  readonly asOf: string;
  readonly lambdaGiBSecond: number;
  readonly lambdaMillionRequests: number;
  readonly sqsMillionRequests: number;
  readonly s3ThousandPuts: number;
  readonly s3ThousandGets: number;
  readonly s3GiBMonth: number;
  readonly dynamoDbMillionWriteUnits: number;
  readonly dynamoDbMillionReadUnits: number;
  readonly dynamoDbGiBMonth: number;
  readonly eventBridgeMillionEvents: number;
  readonly apiGatewayMillionRequests: number;
  readonly kmsTenThousandRequests: number;
  readonly logsGiB: number;
  /** For a vector search and for a vector's way into the index DynamoDB asks by the byte; undefined where the price is not known. */
  readonly vectorSearchGiB?: number;
  readonly vectorWriteGiB?: number;
  readonly rekognitionThousandImages: number;
  readonly rekognitionThousandFacesMonth: number;
}

/**
 * List prices of us-east-1 without free tier, first tier of volume, as aws.amazon.com/<service>/pricing has them. This was written without access to the network:
 * Lambda's for arm64, DynamoDB's for requests and SQS's were held against copies of those pages or against pages that quote them; the others were known and not
 * held against anything. bench/cost.ts takes a file with others. The prices of vector search were nowhere to be found.
 */
export const prices: Prices = {
  region: 'us-east-1',
  asOf: '2026-11-24',
  lambdaGiBSecond: 0.0000133334,
  lambdaMillionRequests: 0.2,
  sqsMillionRequests: 0.4,
  s3ThousandPuts: 0.005,
  s3ThousandGets: 0.0004,
  s3GiBMonth: 0.023,
  dynamoDbMillionWriteUnits: 0.625,
  dynamoDbMillionReadUnits: 0.125,
  dynamoDbGiBMonth: 0.25,
  eventBridgeMillionEvents: 1,
  apiGatewayMillionRequests: 1,
  kmsTenThousandRequests: 0.03,
  logsGiB: 0.5,
  rekognitionThousandImages: 1,
  rekognitionThousandFacesMonth: 0.01,
};
